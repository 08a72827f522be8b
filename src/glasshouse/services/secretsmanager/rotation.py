"""Rotation: a Lambda function makes a new version of a secret, in four steps, when it is asked to or by the clock."""

import json
from typing import Any

from glasshouse.core import NotSupported, ServiceError, outside
from glasshouse.services.secretsmanager import schedule
from glasshouse.services.secretsmanager.errors import InvalidParameterException, InvalidRequestException
from glasshouse.services.secretsmanager.records import CURRENT, PENDING, Rules, Secret, Version

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class Rotation:
    """The operations on rotation."""

    def rotate_secret(
        self,
        secret_id: str,
        client_request_token: str | None = None,
        rotation_lambda_arn: str | None = None,
        rotation_rules: dict | None = None,
        rotate_immediately: bool = True,
    ):
        token = self._token(client_request_token, InvalidParameterException)
        secret = self._primary(secret_id)
        function = rotation_lambda_arn or secret.rotation_lambda_arn
        if not function:
            raise InvalidRequestException("No Lambda rotation function ARN is associated with this secret.")
        if "lambda" not in self.cloud.services.names():
            raise NotSupported("secretsmanager:RotateSecret needs Lambda, which is not supported by Glasshouse yet")
        self._check_no_rotation(secret)
        if rotation_rules is not None:
            secret.rotation_rules = _rules(rotation_rules)
            schedule.check(secret.rotation_rules)
        secret.rotation_lambda_arn, secret.rotation_enabled = function, True
        self._plan(secret)
        self._announce(secret, token)
        steps = STEPS if rotate_immediately else ("testSecret",)
        self.later("_rotate", arn=secret.arn, token=token, steps=list(steps))
        return {"ARN": secret.arn, "Name": secret.name, "VersionId": token if rotate_immediately else None}

    def cancel_rotate_secret(self, secret_id: str):
        secret = self._primary(secret_id)
        if secret.rotation_lambda_arn is None:
            raise InvalidRequestException(
                "You tried to cancel the rotation of a secret that has no rotation configured."
            )
        self.cancel(f"rotate {secret.arn}")
        secret.rotation_enabled, secret.next_rotation_date = False, None
        self._put(secret)
        return {"ARN": secret.arn, "Name": secret.name, "VersionId": secret.stages.get(PENDING)}

    # Within

    @staticmethod
    def _check_no_rotation(secret: Secret):
        if secret.stages.get(PENDING) not in (None, secret.stages.get(CURRENT)):
            raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")

    def _announce(self, secret: Secret, token: str):
        """The function finds the version it is to fill, with AWSPENDING and no value."""
        if self._versions(secret).get(secret.name, token) is None:
            self._versions(secret).put(Version(secret.name, token, self.now))
        self._attach(secret, token, [PENDING])
        self._put(secret)

    def _plan(self, secret: Secret):
        """Say when the next rotation is, and have it done."""
        if not (secret.rotation_enabled and secret.rotation_rules):
            return
        due = schedule.next_rotation(secret.rotation_rules, self.now)
        secret.next_rotation_date = due
        self.later("_rotate_when_due", at=due, key=f"rotate {secret.arn}", arn=secret.arn)

    def _rotate_when_due(self, arn: str):
        secret = self._lookup(arn)
        if secret is None or secret.deleted_date is not None or not secret.rotation_enabled:
            return
        self._plan(secret)
        token = secret.stages.get(PENDING)
        if token in (None, secret.stages.get(CURRENT)):
            token = self._token(None)
        self._announce(secret, token)
        self.later("_rotate", arn=arn, token=token, steps=list(STEPS))

    @outside
    def _rotate(self, arn: str, token: str, steps: list[str]):
        """Call the function once for each step; a step that fails leaves AWSPENDING where it is."""
        function = self.inside("_function_of", arn=arn)
        for step in steps:
            error = self._step(function, {"Step": step, "SecretId": arn, "ClientRequestToken": token})
            if error is not None:
                self.inside("_rotation_failed", arn=arn, step=step, error=error)
                return
        self.inside("_rotation_done", arn=arn, token=token, test=steps == ["testSecret"])

    def _step(self, function: str, event: dict) -> str | None:
        """Call the function for a step; what it says if it fails."""
        invoke = self.aws.as_service(event["SecretId"]).lambda_.invoke
        try:
            answer = invoke(FunctionName=function, Payload=json.dumps(event).encode())
        except ServiceError as refusal:
            return refusal.message
        return _text(answer.get("Payload")) if answer.get("FunctionError") else None

    def _function_of(self, arn: str) -> str:
        return self._secret(arn).rotation_lambda_arn

    def _rotation_failed(self, arn: str, step: str, error: str):
        self.state("RotationFailed", arn=arn, step=step, error=error)

    def _rotation_done(self, arn: str, token: str, test: bool):
        secret = self._secret(arn)
        if test:
            # A test of the configuration "creates an AWSPENDING version of the secret and then removes it" (API
            # reference, RotateSecret, RotateImmediately).
            if secret.stages.get(PENDING) == token:
                del secret.stages[PENDING]
        else:
            secret.last_rotated_date = self.now
            self.state("SecretRotated", arn=arn, version_id=token)
        self._put(secret)
        self._synchronize(secret)


def _rules(given: dict) -> Rules:
    return Rules(given.get("AutomaticallyAfterDays"), given.get("Duration"), given.get("ScheduleExpression"))


def _text(payload: Any) -> str:
    """What a function said, whether it comes as bytes or as a body to be read."""
    content = payload.read() if hasattr(payload, "read") else payload
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content or "")
