"""Resource policies of secrets."""

import json

from glasshouse.services.secretsmanager.errors import MalformedPolicyDocumentException, PublicPolicyException

_EVERYONE = ("*", ["*"])


class Policies:
    """The operations on resource policies."""

    def put_resource_policy(self, secret_id: str, resource_policy: str, block_public_policy: bool = False):
        secret = self._primary(secret_id)
        _check(resource_policy)
        if block_public_policy and _is_public(resource_policy):
            raise PublicPolicyException()
        secret.policy = resource_policy
        self._put(secret)
        self._synchronize(secret)
        self.state("SecretAccessChanged", arn=secret.arn)
        return {"ARN": secret.arn, "Name": secret.name}

    def get_resource_policy(self, secret_id: str):
        secret = self._secret(secret_id)
        return {"ARN": secret.arn, "Name": secret.name, "ResourcePolicy": secret.policy}

    def delete_resource_policy(self, secret_id: str):
        secret = self._primary(secret_id)
        secret.policy = None
        self._put(secret)
        self._synchronize(secret)
        self.state("SecretAccessChanged", arn=secret.arn)
        return {"ARN": secret.arn, "Name": secret.name}

    def validate_resource_policy(self, resource_policy: str, secret_id: str | None = None):
        if secret_id:
            self._secret(secret_id)
        errors = []
        try:
            _check(resource_policy)
            if _is_public(resource_policy):
                message = "The policy allows everyone access to the secret."
                errors.append({"CheckName": "PUBLIC_ACCESS", "ErrorMessage": message})
        except MalformedPolicyDocumentException as wrong:
            errors.append({"CheckName": "MALFORMED_POLICY", "ErrorMessage": wrong.message})
        return {"PolicyValidationPassed": not errors, "ValidationErrors": errors}


def _check(text: str):
    """Raises MalformedPolicyDocumentException."""
    from glasshouse.engines import policy as language

    try:
        compiled = language.compile_policy(text)
    except (language.MalformedPolicy, ValueError) as wrong:
        raise MalformedPolicyDocumentException(f"This resource policy contains a malformed document: {wrong}") from None
    if any(statement.principals is None for statement in compiled.statements):
        raise MalformedPolicyDocumentException("This resource policy contains a statement without a principal.")


def _is_public(text: str) -> bool:
    """Whether a statement allows something to everyone on no condition."""
    statements = json.loads(text)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        named = principal.get("AWS") if isinstance(principal, dict) else principal
        if statement["Effect"] == "Allow" and named in _EVERYONE and not statement.get("Condition"):
            return True
    return False
