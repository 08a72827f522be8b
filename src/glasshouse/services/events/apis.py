"""REST APIs as targets: asked in process, as if over the web.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-gateway-target.html
"""

from urllib.parse import parse_qsl, unquote, urlsplit

from glasshouse.core.access import ANONYMOUS, Principal
from glasshouse.core.call import INSIDE
from glasshouse.core.visit import Visit
from glasshouse.services.events.calling import failed_call
from glasshouse.services.events.errors import Undelivered
from glasshouse.services.events.http import Answer
from glasshouse.services.events.requests import api_request

SITE = "execute-api"


class Apis:
    """Calls of API Gateway."""

    def _to_api(self, rule: str, target: dict, text: str, event: dict):
        principal = self._reach(rule, target).principal if target.get("RoleArn") else ANONYMOUS
        answer = self._ask_api(target["Arn"], principal, target.get("HttpParameters") or {}, text, event)
        failure = failed_call(answer)
        if failure:
            raise failure

    def _ask_api(self, arn: str, principal: Principal, parameters: dict, text: str, event: dict) -> Answer:
        """Pipes use this too. Raises NothingYet while the API waits for something, and Undelivered if there is none."""
        request = api_request(arn, parameters, text, event)
        parts = urlsplit(request.url)
        headers = {**request.headers, "Host": parts.netloc}
        visit = Visit(
            request.method, parts.netloc, unquote(parts.path), parse_qsl(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in headers.items()}, request.body or b"", principal,
            arn.split(":")[3], INSIDE, site=SITE, owner=parts.netloc.partition(".")[0],
            request_id=self.call.next_request_id(), may_wait=self.call.may_wait, raw_path=parts.path,
            raw_query=parts.query, raw_headers=list(headers.items()),
        )  # fmt: skip
        answer = self.cloud.visit("apigateway", visit)
        if answer is None:
            raise Undelivered("NO_RESOURCE", f"The API of {arn} does not exist.")
        body = answer.body if isinstance(answer.body, bytes) else answer.body.read()
        told = {name.lower(): value for name, value in answer.headers.items() if isinstance(value, str)}
        return Answer(answer.status, body.decode("utf-8", "replace"), told)
