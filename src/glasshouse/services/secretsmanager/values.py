"""The values of secrets: their versions, and the staging labels that say which one is meant."""

from glasshouse.core.errors import ServiceError
from glasshouse.core.table import make_token, read_token
from glasshouse.services.secretsmanager.errors import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceExistsException,
    ResourceNotFoundException,
)
from glasshouse.services.secretsmanager.records import CURRENT, PENDING, PREVIOUS, Secret, Version

DAY_S = 24 * 3600
MOST_VERSIONS = 100
MOST_STAGES = 20
Value = str | bytes


class Values:
    """The operations on values and their versions."""

    def get_secret_value(self, secret_id: str, version_id: str | None = None, version_stage: str | None = None):
        secret = self._secret(secret_id)
        version = self._wanted(secret, version_id, version_stage)
        value = self._revealed(secret, version)
        self._note_access(secret, version)
        return {
            "ARN": secret.arn,
            "Name": secret.name,
            "VersionId": version.version_id,
            "SecretBinary" if version.is_binary else "SecretString": value,
            "VersionStages": secret.stages_of(version.version_id) or None,
            "CreatedDate": version.created_date,
        }

    def batch_get_secret_value(
        self,
        secret_id_list: list[str] | None = None,
        filters: list[dict] | None = None,
        max_results: int | None = None,
        next_token: str | None = None,
    ):
        if bool(secret_id_list) == bool(filters):
            raise InvalidParameterException("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
        if secret_id_list and max_results:
            raise InvalidParameterException(
                "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided."
            )
        following = None
        if filters:
            names = sorted(secret.name for secret in self._found(filters) if secret.name > read_token(next_token))
            limit = max_results or 20
            following = make_token(names[limit - 1]) if len(names) > limit else None
            secret_id_list = names[:limit]
        values, errors = self._batch(secret_id_list or [])
        return {"SecretValues": values, "NextToken": following, "Errors": errors}

    def put_secret_value(
        self,
        secret_id: str,
        client_request_token: str | None = None,
        secret_binary: bytes | None = None,
        secret_string: str | None = None,
        version_stages: list[str] | None = None,
    ):
        token = self._token(client_request_token)
        secret = self._primary(secret_id)
        value = self._value(secret_string, secret_binary)
        if value is None:
            raise InvalidRequestException("You must provide either SecretString or SecretBinary.")
        self._add_version(secret, token, value, version_stages)
        self._put(secret)
        self._synchronize(secret)
        return {"ARN": secret.arn, "Name": secret.name, "VersionId": token, "VersionStages": secret.stages_of(token)}

    def list_secret_version_ids(
        self,
        secret_id: str,
        max_results: int = 100,
        next_token: str | None = None,
        include_deprecated: bool = False,
    ):
        secret = self._any_secret(secret_id)
        shown = []
        for version in self._versions(secret).list(secret.name):
            stages = secret.stages_of(version.version_id)
            if stages or include_deprecated:
                shown.append((f"{version.created_date:020.6f} {version.version_id}", stages, version))
        rest = sorted(one for one in shown if one[0] > read_token(next_token))
        following = make_token(rest[max_results - 1][0]) if len(rest) > max_results else None
        return {
            "Versions": [self._listed_version(version, stages) for _, stages, version in rest[:max_results]],
            "NextToken": following,
            "ARN": secret.arn,
            "Name": secret.name,
        }

    def update_secret_version_stage(
        self,
        secret_id: str,
        version_stage: str,
        remove_from_version_id: str | None = None,
        move_to_version_id: str | None = None,
    ):
        secret = self._primary(secret_id)
        for version_id in (remove_from_version_id, move_to_version_id):
            if version_id and self._versions(secret).get(secret.name, version_id) is None:
                raise ResourceNotFoundException(
                    f"Secrets Manager can't find the specified secret version: {version_id}."
                )
        self._check_move(secret, version_stage, remove_from_version_id, move_to_version_id)
        if move_to_version_id:
            self._attach(secret, move_to_version_id, [version_stage])
        else:
            secret.stages.pop(version_stage, None)
        secret.last_changed_date = self.now
        self._put(secret)
        self._synchronize(secret)
        return secret

    # Versions

    @staticmethod
    def _value(text: str | None, binary: bytes | None) -> Value | None:
        if text is not None and binary is not None:
            raise InvalidParameterException(
                "You can't specify both a binary secret value and a string secret value in the same secret."
            )
        return binary if text is None else text

    def _add_version(self, secret: Secret, version_id: str, value: Value, stages: list[str] | None = None):
        """A new version; the same one come again changes nothing."""
        known = self._versions(secret).get(secret.name, version_id)
        if known and known.sealed is not None:
            if self._revealed(secret, known) != value:
                raise ResourceExistsException(
                    f"You can't use ClientRequestToken {version_id} because that value is already in use for a version"
                    f" of secret {secret.arn}."
                )
            return
        plaintext = value.encode() if isinstance(value, str) else value
        sealed = self._seal(secret.arn, version_id, secret.kms_key_id, plaintext)
        created = known.created_date if known else self.now
        is_binary = isinstance(value, bytes)
        self._versions(secret).put(Version(secret.name, version_id, created, sealed, is_binary, secret.kms_key_id))
        # "If this operation creates the first version for the secret, then Secrets Manager automatically attaches the
        # staging label AWSCURRENT to it" (API reference, PutSecretValue).
        first = [] if CURRENT in secret.stages else [CURRENT]
        self._attach(secret, version_id, [*(stages or [CURRENT]), *first])
        secret.last_changed_date = self.now
        self._forget_deprecated(secret)

    def _attach(self, secret: Secret, version_id: str, stages: list[str]):
        """A stage is attached to one version only; what was current becomes the previous one."""
        for stage in stages:
            before = secret.stages.get(stage)
            if stage == CURRENT and before not in (None, version_id):
                secret.stages[PREVIOUS] = before
            secret.stages[stage] = version_id
        if secret.stages.get(CURRENT) == secret.stages.get(PREVIOUS):
            secret.stages.pop(PREVIOUS, None)
        if len(secret.stages_of(version_id)) > MOST_STAGES:
            raise InvalidParameterException(f"A version can have {MOST_STAGES} staging labels at most.")

    def _forget_deprecated(self, secret: Secret):
        """Without a stage, older than a day, and not among the hundred youngest, a version goes."""
        kept = sorted(self._versions(secret).list(secret.name), key=lambda version: version.created_date)
        surplus = len(kept) - MOST_VERSIONS
        for version in kept:
            if surplus <= 0 or version.created_date > self.now - DAY_S:
                return
            if not secret.stages_of(version.version_id):
                self._versions(secret).delete(version)
                surplus -= 1

    def _wanted(self, secret: Secret, version_id: str | None, stage: str | None) -> Version:
        if version_id is None:
            named = f"staging label: {stage or CURRENT}"
            version_id = secret.stages.get(stage or CURRENT, "")
        else:
            named = f"VersionId: {version_id}"
            if stage and secret.stages.get(stage) != version_id:
                raise InvalidRequestException(
                    "You provided a VersionStage that is not associated to the provided VersionId."
                )
        version = self._versions(secret).get(secret.name, version_id)
        if version is None or version.sealed is None:
            raise ResourceNotFoundException(f"Secrets Manager can't find the specified secret value for {named}")
        return version

    def _revealed(self, secret: Secret, version: Version) -> Value:
        plaintext = self._open(secret.arn, version.version_id, version.kms_key_id, version.sealed)
        return plaintext if version.is_binary else plaintext.decode()

    def _note_access(self, secret: Secret, version: Version):
        """To the day, as AWS does."""
        today = self.now - self.now % DAY_S
        if version.last_accessed_date != today:
            version.last_accessed_date = today
            self._versions(secret).put(version)
        if secret.last_accessed_date != today:
            secret.last_accessed_date = today
            self._put(secret)

    def _change_key(self, secret: Secret, key_id: str | None):
        """The staged versions are sealed anew with the other key."""
        for version_id in {secret.stages[stage] for stage in (CURRENT, PENDING, PREVIOUS) if stage in secret.stages}:
            version = self._versions(secret).get(secret.name, version_id)
            if version.sealed is not None:
                plaintext = self._open(secret.arn, version_id, version.kms_key_id, version.sealed)
                version.sealed = self._seal(secret.arn, version_id, key_id, plaintext)
                version.kms_key_id = key_id
                self._versions(secret).put(version)
        secret.kms_key_id = key_id

    @staticmethod
    def _check_move(secret: Secret, stage: str, source: str | None, target: str | None):
        attached = secret.stages.get(stage)
        if stage == CURRENT and target is None:
            raise InvalidParameterException(
                f"You can only move staging label {CURRENT} to a different secret version. It can't be completely"
                " removed."
            )
        if attached is not None and attached != target and source is None:
            raise InvalidParameterException(
                f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to"
                f" version {attached}, so you must explicitly reference that version in RemoveFromVersionId."
            )
        if source is not None and source != attached:
            raise InvalidParameterException(f"Staging label {stage} is not currently attached to version {source}.")

    @staticmethod
    def _listed_version(version: Version, stages: list[str]) -> dict:
        keys = [version.kms_key_id or "DefaultEncryptionKey"]
        return {**vars(version), "version_stages": stages or None, "kms_key_ids": keys}

    def _batch(self, secret_ids: list[str]) -> tuple[list[dict], list[dict]]:
        """Each is asked for in the caller's name, so that the caller needs the permission for each."""
        values, errors = [], []
        asked = self.aws.as_caller().secretsmanager
        for secret_id in secret_ids:
            try:
                values.append(asked.get_secret_value(SecretId=secret_id))
            except ServiceError as refusal:
                error = {"SecretId": secret_id, "ErrorCode": refusal.code, "Message": refusal.message}
                errors.append(error)
        return values, errors
