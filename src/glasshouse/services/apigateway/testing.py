"""Trying methods and authorizers out, as they are now: without a deployment, and without those who guard the API."""

import json
from typing import Any

import msgspec

from glasshouse.core.clock import monotonic
from glasshouse.core.visit import Answer, Visit
from glasshouse.services.apigateway.exchanges import Exchange
from glasshouse.services.apigateway.records import RestApi, Stage
from glasshouse.services.apigateway.refusals import Refused
from glasshouse.services.apigateway.responding import titled
from glasshouse.services.apigateway.routes import Routes
from glasshouse.services.apigateway.serving import refused
from glasshouse.services.apigateway.traffic import Release, Traffic
from glasshouse.services.apigateway.trails import Trail

HOST = "testPrefix.testDomainName"
STAGE, AUTHORIZER_STAGE = "test-invoke-stage", "ESTestInvoke-stage"
ANYBODY = {"apiKeyId": "test-invoke-api-key-id", "apiKey": "test-invoke-api-key"}


class Testing:
    def test_invoke_method(
        self, rest_api_id: str, resource_id: str, http_method: str, path_with_query_string: str | None = None,
        body: str | None = None, headers: dict | None = None, multi_value_headers: dict | None = None,
        stage_variables: dict | None = None,
    ):  # fmt: skip
        api = self._api(rest_api_id)
        resource, method = self._method_or_any(rest_api_id, resource_id, http_method)
        path, _, query = (path_with_query_string or resource.path).partition("?")
        visit = self._test_visit(http_method, path, query, _lines(headers, multi_value_headers), body)
        exchange = self._test_exchange(api, visit, STAGE, stage_variables)
        exchange.resource, exchange.method = msgspec.to_builtins(resource), method
        found = Routes([exchange.resource]).find(http_method, path)
        exchange.path_parameters = found[1] if found else {}
        try:
            answer = self._executed(exchange)
        except Refused as refusal:
            answer = refused(exchange, refusal)
        exchange.trail.say("Method completed with status: %s", answer.status)
        return self._tested(exchange, answer)

    def test_invoke_authorizer(
        self, rest_api_id: str, authorizer_id: str, headers: dict | None = None,
        multi_value_headers: dict | None = None, path_with_query_string: str | None = None, body: str | None = None,
        stage_variables: dict | None = None,
    ):  # fmt: skip
        api = self._api(rest_api_id)
        authorizer = msgspec.to_builtins(self._authorizer(rest_api_id, authorizer_id))
        path, _, query = (path_with_query_string or "/").partition("?")
        visit = self._test_visit("GET", path, query, _lines(headers, multi_value_headers), body)
        exchange = self._test_exchange(api, visit, AUTHORIZER_STAGE, stage_variables)
        exchange.resource, exchange.method = {"id": None, "path": path}, {"httpMethod": "GET"}
        trail = exchange.trail
        trail.say("Starting authorizer: %s for request: %s", authorizer_id, exchange.request_id)
        trail.say("Incoming identity: %s", dict.fromkeys(exchange.headers.sent, "*" * 8))
        verdict: dict[str, Any] = {}
        try:
            verdict = self._verdict(exchange, authorizer)
            status = 200
            trail.say("Using valid authorizer policy for principal: %s", verdict["principalId"])
            trail.say("Successfully completed authorizer execution")
        except Refused as refusal:
            status = refusal.status
            trail.say(refusal.reason.replace("%", "%%"))
        policy = verdict.get("policyDocument")
        return {
            "clientStatus": status, "log": self._shown_log(exchange), "latency": self._end(exchange),
            "principalId": verdict.get("principalId"),
            "policy": json.dumps(policy, separators=(",", ":")) if policy else None,
        }  # fmt: skip

    # Within

    def _method_or_any(self, rest_api_id: str, resource_id: str, http_method: str):
        resource = self._resource(rest_api_id, resource_id)
        known = resource.resource_methods
        verb = "ANY" if http_method not in known and "ANY" in known else http_method
        return self._method(rest_api_id, resource_id, verb)

    def _test_visit(
        self, verb: str, path: str, query: str, lines: list[tuple[str, str]], body: str | None
    ) -> Visit:  # fmt: skip
        call = self.call
        low = {name.lower(): value for name, value in lines}
        return Visit(
            verb, HOST, path, [], low, (body or "").encode(), call.principal, call.region, call.source,
            request_id=call.request_id, may_wait=call.may_wait, raw_path=path, raw_query=query, raw_headers=lines,
            access_key_id=call.access_key_id,
        )  # fmt: skip

    def _test_exchange(self, api: RestApi, visit: Visit, stage: str, variables: dict | None) -> Exchange:
        under_way = self.cloud.resident(Traffic).begin(visit.request_id, self.now, 0)
        release = Release(msgspec.json.decode(msgspec.json.encode(self._snapshot(api))), "")
        tested = Stage(api.id, stage, "", self.now, self.now, variables=dict(variables or {}))
        exchange = Exchange(
            visit, release, tested, self.call.account, self.call.region, visit.raw_path, under_way,
            Trail(True, True, under_way.begun), f"/{stage}{visit.raw_path}", is_test=True,
        )  # fmt: skip
        principal = self.call.principal
        exchange.signer = {
            "accountId": principal.account, "caller": principal.user_id, "user": principal.user_id,
            "userArn": principal.arn, "accessKey": self.call.access_key_id, **ANYBODY,
        }  # fmt: skip
        return exchange

    def _tested(self, exchange: Exchange, answer: Answer) -> dict[str, Any]:
        shown = titled(answer.headers)
        several = {name: value if isinstance(value, list) else [value] for name, value in shown.items()}
        return {
            "status": answer.status, "body": answer.body.decode(errors="replace"),
            "headers": {name: values[-1] for name, values in several.items()}, "multiValueHeaders": several,
            "log": self._shown_log(exchange), "latency": self._end(exchange),
        }  # fmt: skip

    def _shown_log(self, exchange: Exchange) -> str:
        return f"Execution log for request {exchange.request_id}\n{exchange.trail.text}"

    def _end(self, exchange: Exchange) -> int:
        """How long it took, in milliseconds."""
        self.cloud.resident(Traffic).end(exchange.request_id)
        return int((monotonic() - exchange.under_way.started) * 1000)


def _lines(headers: dict | None, several: dict | None) -> list[tuple[str, str]]:
    given = several or {}
    lines = [(name, value) for name, value in (headers or {}).items() if name not in given]
    return lines + [(name, value) for name, values in given.items() for value in values]
