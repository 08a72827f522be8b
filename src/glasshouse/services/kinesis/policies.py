"""Resource policies of streams and consumers, through which other accounts read and write."""

from glasshouse.core import documents
from glasshouse.services.kinesis.errors import InvalidArgumentException, ResourceNotFoundException

MOST_BYTES = 20 * 1024


class Policies:
    """The three operations."""

    def put_resource_policy(self, resource_arn: str, policy: str):
        _check(policy, resource_arn)
        self._set_policy(resource_arn, policy)

    def get_resource_policy(self, resource_arn: str):
        return {"Policy": self._holder(resource_arn).policy or "{}"}

    def delete_resource_policy(self, resource_arn: str):
        if not self._holder(resource_arn).policy:
            raise ResourceNotFoundException(f"No resource policy found for resource ARN {resource_arn}.")
        self._set_policy(resource_arn, None)

    # Within

    def _holder(self, arn: str):
        """The stream, consumer or queue that bears a policy."""
        self._check_resource(arn)
        if ":queue/" in arn:
            return self._queue(arn)
        return self._consumer(arn) if "/consumer/" in arn else self._stream(None, arn, living=False)

    def _set_policy(self, arn: str, policy: str | None):
        holder = self._holder(arn)
        holder.policy = policy
        table = self.queues if ":queue/" in arn else self.consumers if "/consumer/" in arn else self.streams
        table.within(account=arn.split(":")[4]).put(holder)
        self.state("ResourceAccessChanged", arn=arn)


def _check(text: str, arn: str):
    """Raises InvalidArgumentException for what is no policy, or speaks of other resources."""
    from glasshouse.engines import policy as language  # loaded by the first policy

    if len(text.encode()) > MOST_BYTES:
        raise InvalidArgumentException(f"The resource policy cannot be larger than {MOST_BYTES} bytes.")
    try:
        language.compile_policy(text)
        statements = documents.read(text)["Statement"]
    except (language.MalformedPolicy, ValueError, KeyError, TypeError) as wrong:
        raise InvalidArgumentException(f"The resource policy is not valid: {wrong}") from None
    for statement in statements if isinstance(statements, list) else [statements]:
        if not statement.keys() & {"Principal", "NotPrincipal"}:
            raise InvalidArgumentException("The resource policy is not valid: a statement must have a principal.")
        named = statement.get("Resource", [])
        if any(it != arn for it in (named if isinstance(named, list) else [named])):
            raise InvalidArgumentException(f"The resource policy is not valid: its Resource must be {arn}.")
