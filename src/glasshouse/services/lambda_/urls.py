"""Function URLs: addresses on the web that lead to a function or an alias.

Differs from AWS: a client that reached the cloud by another name than AWS's is shown an address on that host, with the
URL's id in the path, since names below `on.aws` would lead it to AWS, and not every machine resolves names below
`localhost`. Where one does, `<id>.lambda-url.<region>.localhost` and AWS's own name of the URL are served as well.
"""

from typing import Any

from glasshouse.core import ids
from glasshouse.services.lambda_.errors import (
    ResourceConflictException,
    ResourceNotFoundException,
)
from glasshouse.services.lambda_.finding import Reference
from glasshouse.services.lambda_.functions import PAGE
from glasshouse.services.lambda_.records import FunctionUrl, UrlAddress

ID_LENGTH = 32
AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws")


class Urls:
    """The operations on function URLs."""

    def create_function_url_config(
        self, function_name: str, auth_type: str, qualifier: str | None = None, cors: dict | None = None,
        invoke_mode: str | None = None,
    ):  # fmt: skip
        reference = self._addressable(function_name, qualifier)
        if self._url_of(reference):
            raise ResourceConflictException(
                f"Failed to create function url config for [functionArn = {reference.arn}]. Error message: "
                " FunctionUrlConfig exists for this Lambda function"
            )
        url = FunctionUrl(
            reference.name, reference.qualifier or "", reference.arn, ids.token(ID_LENGTH, ids.LOWER), reference.region,
            self.now, self.now, auth_type, cors, invoke_mode,
        )  # fmt: skip
        self._urls_at(reference).put(url)
        self.addresses.put(
            UrlAddress(url.url_id, reference.account, reference.region, reference.name, reference.qualifier or "")
        )
        self.state("FunctionUrlCreated", arn=reference.arn)
        return self._stated_url(url)

    def get_function_url_config(self, function_name: str, qualifier: str | None = None):
        return self._shown_url(self._url(self._reference(function_name, qualifier)))

    def update_function_url_config(
        self, function_name: str, qualifier: str | None = None, auth_type: str | None = None, cors: dict | None = None,
        invoke_mode: str | None = None,
    ):  # fmt: skip
        reference = self._addressable(function_name, qualifier)
        url = self._url(reference)
        url.auth_type, url.invoke_mode = auth_type or url.auth_type, invoke_mode or url.invoke_mode
        url.cors = url.cors if cors is None else cors
        url.modified = self.now
        return self._stated_url(self._urls_at(reference).put(url))

    def list_function_url_configs(self, function_name: str, marker: str | None = None, max_items: int = PAGE):
        reference = self._reference(function_name)
        if self._functions_at(reference).get(reference.name) is None:
            raise ResourceNotFoundException("Function does not exist")
        found, token = self._urls_at(reference).page(max_items, marker, reference.name)
        return {"FunctionUrlConfigs": [self._shown_url(url) for url in found], "NextMarker": token}

    def delete_function_url_config(self, function_name: str, qualifier: str | None = None):
        self._delete_url(self._url(self._reference(function_name, qualifier)))

    def _delete_url(self, url: FunctionUrl):
        self.urls.within(url.function_arn.split(":")[4], url.region).delete(url)
        address = self.addresses.get(url.url_id)
        if address is not None:
            self.addresses.delete(address)

    def _addressable(self, function_name: str, qualifier: str | None) -> Reference:
        """A function or an alias, which there must be."""
        reference = self._reference(function_name, qualifier)
        function = self._functions_at(reference).get(reference.name)
        alias = reference.qualifier
        if function is None or (alias and self._aliases_at(reference).get(function.name, alias) is None):
            raise ResourceNotFoundException("Function does not exist")
        return reference

    def _url(self, reference: Reference) -> FunctionUrl:
        url = self._url_of(reference)
        if url is None:
            raise ResourceNotFoundException()
        return url

    def _url_of(self, reference: Reference) -> FunctionUrl | None:
        return self._urls_at(reference).get(reference.name, reference.qualifier or "")

    def _urls_at(self, reference: Reference):
        return self.urls.within(reference.account, reference.region)

    def _shown_url(self, url: FunctionUrl) -> dict[str, Any]:
        return {**self._stated_url(url), "InvokeMode": url.invoke_mode or "BUFFERED"}

    def _stated_url(self, url: FunctionUrl) -> dict[str, Any]:
        """As those see it who set it: without an invoke mode that nobody has said."""
        host = self._origin.partition("://")[2].partition(":")[0]
        own = f"{self._origin}/_aws/lambda-url/{url.url_id}/"
        return {
            "FunctionUrl": url.function_url if host.endswith(AWS_HOSTS) else own,
            "FunctionArn": url.function_arn,
            "AuthType": url.auth_type,
            "Cors": url.cors,
            "CreationTime": url.creation_time,
            "LastModifiedTime": url.last_modified_time,
            "InvokeMode": url.invoke_mode,
        }
