"""What the operations look for, with the words in which AWS says that it is not there, and pages of it."""

from collections.abc import Callable, Iterable
from typing import Any

from glasshouse.core.table import make_token, read_token
from glasshouse.services.apigateway import errors
from glasshouse.services.apigateway.errors import NotFoundException
from glasshouse.services.apigateway.records import Resource, RestApi, Stage

PAGE, LARGEST_PAGE = 25, 500
END = 1e12  # after every moment


class Finding:
    def _api(self, rest_api_id: str) -> RestApi:
        api = self.apis.get(rest_api_id)
        if api is None:
            raise NotFoundException(f"Invalid API identifier specified {self.call.account}:{rest_api_id}")
        return api

    def _resource(self, rest_api_id: str, resource_id: str) -> Resource:
        resource = self.resources.get(rest_api_id, resource_id)
        if resource is None:
            raise NotFoundException(errors.NO_RESOURCE)
        return resource

    def _method(self, rest_api_id: str, resource_id: str, http_method: str) -> tuple[Resource, dict[str, Any]]:
        """(the resource, one of its methods)."""
        resource = self._resource(rest_api_id, resource_id)
        method = resource.resource_methods.get(http_method)
        if method is None:
            raise NotFoundException(errors.NO_METHOD)
        return resource, method

    def _integration(self, rest_api_id: str, resource_id: str, http_method: str):
        """(the resource, one of its methods, the method's integration)."""
        resource, method = self._method(rest_api_id, resource_id, http_method)
        integration = method.get("methodIntegration")
        if integration is None:
            raise NotFoundException(errors.NO_INTEGRATION)
        return resource, method, integration

    def _stage(self, rest_api_id: str, stage_name: str) -> Stage:
        stage = self.stages.get(rest_api_id, stage_name)
        if stage is None:
            raise NotFoundException(errors.NO_STAGE)
        return stage

    def _tags(self, path: str) -> dict[str, str]:
        return self.cloud.tags.of(self._arn(path))

    def _arn(self, path: str) -> str:
        """Of what API Gateway keeps: its path, without an account."""
        return self.call.arn(path, account=False)

    def _page(
        self, items: Iterable[Any], limit: int | None, position: str | None, key: Callable[[Any], str]
    ) -> dict[str, Any]:
        """Some of the items in the order of their keys, and the position of the next ones."""
        after = read_token(position)
        found = sorted((item for item in items if key(item) > after), key=key)
        size = min(max(1, limit or PAGE), LARGEST_PAGE)
        more = len(found) > size
        return {"items": found[:size], "position": make_token(key(found[size - 1])) if more else None}


def by_age(moment: float, name: str) -> str:
    """A key that sorts what was made earlier first."""
    return f"{moment:020.6f} {name}"


def by_youth(moment: float, name: str) -> str:
    """A key that sorts what was made later first."""
    return by_age(END - moment, name)
