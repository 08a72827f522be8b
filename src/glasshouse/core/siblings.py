"""How a service reaches the others: the same pipeline in process, in the caller's transaction.

    self.aws.logs.create_log_group(...)                 # as the service itself, for its own affairs: IAM lets it pass
    self.aws.as_service(bucket_arn).sqs.send_message()  # as the service, where the queue's policy lets it
    self.aws.as_role(role_arn).s3.put_object(...)       # as a session of a role that trusts the service
    self.aws.as_caller().kms.decrypt(...)               # in the name of whoever called (a forward access session)
    self.aws.as_role(role_arn).send(Wired("sqs", ...))  # a request that a user has written, as it goes over the wire
    self.aws.as_service(arn).seam("sqs", "send_message", "_send")  # what a service does for others in a private method

Each of them can be had in another place first: `self.aws(account=..., region=...)`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from glasshouse.core.access import Principal, service_principal
from glasshouse.core.call import Call
from glasshouse.core.errors import ServiceError
from glasshouse.core.visit import Answer, Wired

if TYPE_CHECKING:
    from glasshouse.core.cloud import Cloud
    from glasshouse.core.service import Service


class Siblings:
    """The other services, as boto3 clients; a service whose name is a Python word takes an underscore (`lambda_`)."""

    def __init__(self, service: "Service"):
        self._service, self._cause = service, service.call
        self._account, self._region = service.call.account, service.call.region
        self._principal = service_principal(service.principal or service.name, service.call.account)
        self._source_arn: str | None = None
        self._via: tuple[str, ...] = ()
        self._by_policy = False

    def __call__(
        self, account: str | None = None, region: str | None = None, source_arn: str | None = None
    ) -> "Siblings":
        """The same in another account or region, or for a resource."""
        account, region, source_arn = account or self._account, region or self._region, source_arn or self._source_arn
        if (account, region, source_arn) == (self._account, self._region, self._source_arn):
            return self
        return self._with(_account=account, _region=region, _source_arn=source_arn)

    def as_service(self, source_arn: str) -> "Siblings":
        """As the service, for one of its resources: what is asked must be allowed by the policy of what it concerns."""
        return self._with(_source_arn=source_arn, _by_policy=True)

    def as_role(self, role_arn: str, session_name: str | None = None) -> "Siblings":
        """As a session of a role. Raises AccessDenied if the role is not there or does not trust the service."""
        name = self._service.principal or self._service.name
        asking = service_principal(name, self._service.call.account)
        call = Call(
            "sts", "AssumeRole", {"RoleArn": role_arn}, self._account, self._region, asking,
            source_arn=self._source_arn, by_policy=True,
        )  # fmt: skip
        params = {"role_arn": role_arn, "session_name": session_name or f"{name}-session"}
        cloud = self._service.cloud
        return self._with(_principal=cloud.run(lambda: cloud.run_method(call, "sts", "_service_session", params)))

    def as_caller(self) -> "Siblings":
        """As whoever called this service, through it."""
        call = self._service.call
        return self._with(_principal=call.principal, _via=(*call.via, self._service.name), _by_policy=call.by_policy)

    def _with(self, **changed: Any) -> "Siblings":
        other = object.__new__(Siblings)  # a sixth of what copy.copy() costs, once for each delivery
        other.__dict__ = {**self.__dict__, **changed}
        return other

    @property
    def principal(self) -> Principal:
        """Who asks."""
        return self._principal

    def __getattr__(self, service: str) -> "Sibling":
        if service.startswith("__"):
            raise AttributeError(service)
        return Sibling(self, service.rstrip("_").replace("_", "-"))

    def may(self, service: str, method: str, **params: Any) -> bool:
        """Whether access lets them ask this (`may("sqs", "send_message", QueueUrl=url)`), without asking it."""
        cloud = self._service.cloud
        call = self._call(service, cloud.model.operation_name(service, method), params)
        try:
            asked = cloud.service_class(service)(cloud, call)
            cloud.access.authorize(asked, cloud.model.operation(service, call.operation))
        except ServiceError:
            return False
        return True

    def send(self, wired: Wired) -> Answer:
        """Ask in the words of the wire, where a user has written them; the answer may be a refusal. Not on threads."""
        return self._service.cloud.wire(wired, self._call)

    def _ask(self, service: str, method: str, params: dict[str, Any]) -> dict:
        cloud = self._service.cloud
        return cloud.ask(self._call(service, cloud.model.operation_name(service, method), params))

    def _call(self, service: str, operation: str, params: dict[str, Any]) -> Call:
        cause = self._cause
        return Call(
            service, operation, params, self._account, self._region, self._principal, cause.next_request_id(),
            source_arn=self._source_arn, may_wait=cause.may_wait, via=self._via, by_policy=self._by_policy,
        )  # fmt: skip

    def seam(self, service: str, method: str, private: str) -> "Seam":
        """A private method of another service that stands for one of its operations; only on the cloud's thread."""
        cloud = self._service.cloud
        return Seam(cloud, self._call(service, cloud.model.operation_name(service, method), {}), private)


class Sibling:
    """One other service."""

    def __init__(self, siblings: Siblings, service: str):
        self._siblings, self._service = siblings, service

    def __getattr__(self, method: str) -> Callable[..., dict]:
        return lambda **params: self._siblings._ask(self._service, method, params)


class Seam:
    """Asked as the operation is, once access lets it; besides the members it takes what no client can say.

    It has no transaction of its own, so it refuses before it writes. Made once, it can be asked often.
    """

    def __init__(self, cloud: "Cloud", call: Call, private: str):
        binding = cloud.binding(call.service, call.operation)
        self._cloud, self._call, self._binding = cloud, call, binding
        self._service = binding.service(cloud, call)
        self._method: Callable[..., dict] = getattr(self._service, private)

    def __call__(self, params: dict[str, Any], **aside: Any) -> dict:
        self._call.params = params
        self._cloud.access.authorize(self._service, self._binding.operation)
        return self._method(**self._binding.arguments(params, True), **aside)
