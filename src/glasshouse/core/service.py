"""A service is the set of its operations, in the scope of one call.

Each public method is an operation of the AWS API under its Python name, and each of its parameters a member of that
operation's input. What it returns, a mapping or a record, is projected onto the operation's output shape. A service
object lives for one call and keeps nothing.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from glasshouse.core.call import Call
from glasshouse.core.errors import ServiceError, ValidationException
from glasshouse.core.mail import forward
from glasshouse.core.parking import NothingYet
from glasshouse.core.siblings import Siblings
from glasshouse.core.visit import Answer, Visit

if TYPE_CHECKING:
    from glasshouse.core.cloud import Cloud

Method = TypeVar("Method", bound=Callable)
HEARD = "facts heard"  # (service, method) by fact, by account and region: what services asked for with `hear`
NOTHING: Mapping[str, Any] = {}


def on(fact: str) -> Callable[[Method], Method]:
    """Run this method, in a transaction of its own, after the one that stated the fact (`"s3.ObjectCreated"`).

    The fact must be written as a literal: subscribers are found by reading the sources, without loading them.
    """

    def subscribe(method: Method) -> Method:
        method.hears = fact  # type: ignore[attr-defined]
        return method

    return subscribe


def outside(method: Method) -> Method:
    """Mark a job that runs in a thread without a transaction: it may take long, and reaches the store only by
    `self.inside(...)` and `self.aws`."""
    method.outside = True  # type: ignore[attr-defined]
    return method


class Service:
    """What the operations of one service stand on."""

    name: str  # botocore's name of the service
    principal = ""  # what policies call it (before .amazonaws.com), where that is another name
    invalid_page_token: type[ServiceError] = ValidationException

    def __init__(self, cloud: "Cloud", call: Call):
        self.cloud, self.call = cloud, call
        self.store = cloud.store
        self.now: float = cloud.clock.now()

    @property  # not kept: it would hold this service, which would then be left to the collector of cycles
    def aws(self) -> "Siblings":
        """The other services, asked as this service: `self.aws.kms.encrypt(KeyId=..., Plaintext=...)`."""
        return Siblings(self)

    def state(self, fact: str, **detail: Any):
        """Tell the subscribers of `<service>.<fact>`, once this transaction has committed. JSON values only."""
        call, name = self.call, f"{self.name}.{fact}"
        heard = self.store.setting(HEARD, NOTHING).get(f"{call.account}/{call.region}", NOTHING)
        for service, method in (*self.cloud.services.subscribers(name), *heard.get(name, ())):
            self.cloud.jobs.schedule(service, method, call.account, call.region, self.now, None, detail)

    def hear(self, methods: Mapping[str, str]):
        """Hear these facts from now on (a private method for each), in this account and region, and no others but those
        of `@on`: for facts that seldom anybody here wants to know, so that stating them costs nothing until then."""
        place, heard = f"{self.call.account}/{self.call.region}", dict(self.store.setting(HEARD, NOTHING))
        kept = {
            fact: [told for told in subscribers if told[0] != self.name]
            for fact, subscribers in heard.get(place, NOTHING).items()
        }
        for fact, method in methods.items():
            kept.setdefault(fact, []).append([self.name, method])
        heard[place] = {fact: subscribers for fact, subscribers in kept.items() if subscribers}
        if heard[place] != self.store.setting(HEARD, NOTHING).get(place, NOTHING):
            self.store.keep_setting(HEARD, {place: facts for place, facts in heard.items() if facts})

    def later(self, method: str, after: float = 0.0, at: float | None = None, key: str | None = None, **params: Any):
        """Run a private method of this service `after` some seconds or `at` an epoch second, by the cloud's clock.

        A job with the same `key` is replaced. Arguments are JSON values.
        """
        due = self.now + after if at is None else at
        self.cloud.jobs.schedule(self.name, method, self.call.account, self.call.region, due, key, params)

    def cancel(self, key: str):
        """Take back a job that was given this key."""
        self.cloud.jobs.cancel(self.name, self.call.account, self.call.region, key)

    def wait(self, seconds: float, *topics: str, until: float | None = None):
        """Give up for now and run the call again when one of the topics is told, or at the cloud's time `until`; return
        if its `seconds` are over or the caller cannot wait. A job waits for as long as it takes."""
        if seconds > 0 and self.call.may_wait:
            raise NothingYet(seconds, topics, until)

    def stream(self, method: str, **state: Any) -> AsyncIterator[dict]:
        """Events of a stream that goes on after this call has been answered.

        `method(**state)`, a private method run in transactions of its own, returns the next events and the state after
        them, or None for the end; it may `wait`.
        """
        return self.cloud.follow(self.call, self.name, method, state)

    def tell(self, *topics: str):
        """Wake the calls that wait for a topic, once this transaction has committed."""
        self.store.after_commit(lambda: self.cloud.parking.tell(topics))

    def metric(
        self,
        namespace: str,
        name: str,
        value: float,
        unit: str = "Count",
        dimensions: Mapping[str, str] | None = None,
    ):
        """State what was measured (`"AWS/SQS"`, `"NumberOfMessagesSent"`, 1), counted once this transaction commits."""
        cloud, call = self.cloud, self.call
        count = partial(
            cloud.metrics.add, call.account, call.region, namespace, name, unit, dimensions, self.now, value
        )
        if get_ident() != cloud.thread:
            cloud.run(count)
        elif self.store.depth:
            self.store.after_commit(count)
        else:
            count()

    def post(self, sender: str, recipients: Sequence[str], subject: str, text: str):
        """Send a letter: into the cloud's mailbox, and on to the user's mail server if there is one."""
        number = self.cloud.mail.keep(sender, recipients, subject, text, self.now)
        if self.cloud.mail.relay:
            self.later("_forward_letter", number=number)

    @outside
    def _forward_letter(self, number: int):
        letter, relay = self.cloud.run(lambda: (self.cloud.mail.get(number), self.cloud.mail.relay))
        if letter and relay:
            forward(letter, relay)

    def inside(self, method: str, **params: Any) -> Any:
        """From a job outside: run a private method in a transaction of its own and return what it returns."""
        return self.cloud.run(lambda: self.cloud.run_method(self.call, self.name, method, params))

    # What the question of access needs to know; services/iam asks it

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        """(ARN, policy text) of the resources a call concerns that carry a policy, what lies below the ARN included."""
        return []

    def resource_arns(self, params: dict) -> list[str] | None:
        """The ARNs of the resources a call concerns, where its members do not spell them (aliases, paths, suffixes)."""
        return None

    def resource_account(self, params: dict) -> str | None:
        """The account that owns the resource, where its ARN does not say."""
        return None

    def resource_rule(self, params: dict) -> Literal["optional", "required", "denies only"]:
        """What the policy of a resource is to its own account: one way to be allowed, the only way, or none."""
        return "optional"

    # The web

    def visit(self, visit: Visit) -> Answer | None:
        """Answer a plain HTTP request that is none of the operations; None if it is not for this service."""
        return None

    def response_headers(self, visit: Visit) -> dict[str, str]:
        """Headers to add to the answer of an operation asked by a browser (CORS)."""
        return {}
