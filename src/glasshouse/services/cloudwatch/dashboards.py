"""Dashboards: bodies of JSON that tell consoles what to show. They belong to an account, not to a region."""

import json
import re
from typing import Any

from glasshouse.core import documents
from glasshouse.core.tags import from_list
from glasshouse.services.cloudwatch.errors import (
    DashboardInvalidInputError,
    DashboardNotFoundError,
    InvalidParameterValueException,
)
from glasshouse.services.cloudwatch.records import Dashboard
from glasshouse.services.cloudwatch.widgets import findings

PAGE = 1000
_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Dashboards:
    """The operations on dashboards."""

    def put_dashboard(self, dashboard_name: str, dashboard_body: str, tags: list | None = None):
        _check_name(dashboard_name)
        messages = _check_body(dashboard_body)
        known = self.dashboards.get(dashboard_name)
        size = len(dashboard_body.encode())
        dashboard = Dashboard(dashboard_name, self._dashboard_arn(dashboard_name), dashboard_body, self.now, size)
        self.dashboards.put(dashboard)
        if known is None:
            self.cloud.tags.add(dashboard.dashboard_arn, from_list(tags))
        return {"DashboardValidationMessages": messages}

    def get_dashboard(self, dashboard_name: str):
        _check_name(dashboard_name)
        dashboard = self.dashboards.get(dashboard_name)
        if dashboard is None:
            raise DashboardNotFoundError(f"Dashboard {dashboard_name} does not exist")
        return dashboard

    def list_dashboards(self, dashboard_name_prefix: str = "", next_token: str | None = None):
        prefix = (dashboard_name_prefix,) if dashboard_name_prefix else ()
        page, token = self.dashboards.page(PAGE, next_token, *prefix)
        return {"DashboardEntries": page, "NextToken": token}

    def delete_dashboards(self, dashboard_names: list):
        """All of them, or none if one is not there."""
        if not dashboard_names:
            raise InvalidParameterValueException("Need at least 1 dashboard")
        found = [(name, self.dashboards.get(name)) for name in dict.fromkeys(dashboard_names)]
        missing = [name for name, dashboard in found if dashboard is None]
        if missing:
            raise DashboardNotFoundError(f"The specified dashboard does not exist. [{', '.join(missing)}]")
        for _, dashboard in found:
            self.dashboards.delete(dashboard)
            self.cloud.tags.clear(dashboard.dashboard_arn)

    def _dashboard_arn(self, name: str) -> str:
        return self.call.arn(f"dashboard/{name}", region=False)


def _check_name(name: str):
    if not name or len(name) > 255:
        raise InvalidParameterValueException(
            f"The value {name} for field DashboardName must have a length between 1 and 255."
        )
    if not _NAME.fullmatch(name):
        raise InvalidParameterValueException(
            f"The value {name} for field DashboardName contains invalid characters. It can only contain alphanumerics,"
            " dash (-) and underscore (_).\n"
        )


def _check_body(text: str) -> list[dict]:
    """What could be better of a body. Raises DashboardInvalidInputError."""
    body = _decoded(text)
    if not isinstance(body, dict):
        raise DashboardInvalidInputError("The field DashboardBody must be a valid JSON object")
    wrong, worth_telling = findings(body)
    if wrong:
        raise DashboardInvalidInputError(
            f"The dashboard body is invalid, there are {len(wrong)} validation errors: {json.dumps(wrong)}",
            dashboardValidationMessages=[{"DataPath": at["dataPath"], "Message": at["message"]} for at in wrong],
        )
    return [{"DataPath": at["dataPath"], "Message": at["message"]} for at in worth_telling]


def _decoded(text: str) -> Any:
    try:
        return documents.read(text)
    except ValueError:
        return None
