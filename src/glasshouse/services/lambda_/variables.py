"""Environment variables: sealed at rest, by the cloud's key or by a KMS key of the user's."""

import json
from collections.abc import Mapping

from glasshouse.core import ServiceError
from glasshouse.core.seal import Seal
from glasshouse.services.lambda_.errors import (
    InvalidParameterValueException,
    KMSAccessDeniedException,
    KMSDisabledException,
    KMSInvalidStateException,
    KMSNotFoundException,
)
from glasshouse.services.lambda_.records import Configuration, Sealed

MOST_BYTES = 4096
RESERVED = (
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
)  # fmt: skip
UNABLE = "Lambda was unable to configure your environment variables because the environment variables you have provided"
FAILURES = {
    "AccessDeniedException": (KMSAccessDeniedException, "KMS access was denied", "permissions"),
    "DisabledException": (KMSDisabledException, "the KMS key used is disabled", "key settings"),
    "KMSInvalidStateException": (KMSInvalidStateException, "the KMS key used is in an invalid state", "key settings"),
    "NotFoundException": (KMSNotFoundException, "the KMS key was not found", "key settings"),
}


class Variables:
    """Sealing and opening the variables of a function."""

    def _variables(self, configuration: Configuration) -> dict[str, str]:
        """The variables, for running the function. Raises KMSAccessDeniedException and its like."""
        sealed = configuration.sealed_environment
        if sealed is None:
            return {}
        try:
            return self._open(sealed, configuration.unqualified_arn, self.aws.kms)
        except ServiceError as failure:
            raise _unreadable(failure) from None

    def _shown_environment(self, configuration: Configuration) -> dict | None:
        """The variables, for somebody who asks: with a KMS key of their own only those who may use it see them."""
        sealed = configuration.sealed_environment
        if sealed is None:
            return None
        try:
            return {"Variables": self._open(sealed, configuration.unqualified_arn, self.aws.as_caller().kms)}
        except ServiceError as failure:
            return {"Error": {"ErrorCode": failure.code, "Message": _unreadable(failure).message}}

    def _sealed(self, variables: Mapping[str, str], key_arn: str | None, function_arn: str) -> Sealed:
        content = json.dumps(variables).encode()
        if not key_arn:
            return Sealed(self.cloud.seal.close(content, function_arn.encode()))
        try:
            key = self.aws.as_caller().kms.generate_data_key(
                KeyId=key_arn, KeySpec="AES_256", EncryptionContext=_context(function_arn)
            )
        except ServiceError as failure:
            raise InvalidParameterValueException(
                "Lambda was unable to configure access to your environment variables because the KMS key is invalid for"
                f" CreateGrant. Please check your KMS key settings. KMS Exception: {failure.code} KMS Message:"
                f" {failure.message}"
            ) from None
        return Sealed(Seal(key["Plaintext"]).close(content, function_arn.encode()), key["CiphertextBlob"])

    def _open(self, sealed: Sealed, function_arn: str, kms) -> dict[str, str]:
        seal = self.cloud.seal
        if sealed.data_key is not None:
            opened = kms.decrypt(CiphertextBlob=sealed.data_key, EncryptionContext=_context(function_arn))
            seal = Seal(opened["Plaintext"])
        return json.loads(seal.open(sealed.content, function_arn.encode()))


def check_variables(variables: Mapping[str, str]):
    """Raises InvalidParameterValueException."""
    if reserved := [name for name in variables if name in RESERVED]:
        raise InvalidParameterValueException(
            f"{UNABLE} contains reserved keys that are currently not supported for modification. Reserved keys used in"
            f" this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > MOST_BYTES:
        raise InvalidParameterValueException(f"{UNABLE} exceeded the 4KB limit. String measured: {measured}")


def _context(function_arn: str) -> dict[str, str]:
    return {"aws:lambda:FunctionArn": function_arn}


def _unreadable(failure: ServiceError) -> ServiceError:
    error, reason, remedy = FAILURES.get(failure.code, FAILURES["AccessDeniedException"])
    return error(
        f"Lambda was unable to decrypt the environment variables because {reason}. Please check the function's KMS"
        f" {remedy}. KMS Exception: {failure.code} KMS Message: {failure.message}"
    )
