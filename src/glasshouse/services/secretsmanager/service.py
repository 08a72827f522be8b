"""Secrets Manager: secrets with versions, staging labels, recovery windows, replicas and rotation.

Facts: `SecretRotated` and `RotationFailed`.

Differs from AWS: nothing is eventually consistent; managed external secrets, cross-account replicas, several policies
of one secret and RotationToken are refused; there is no quota on versions made within a day.
"""

from glasshouse.core import Service, Table
from glasshouse.services.secretsmanager.encryption import Encryption
from glasshouse.services.secretsmanager.errors import InvalidNextTokenException
from glasshouse.services.secretsmanager.finding import Finding
from glasshouse.services.secretsmanager.passwords import Passwords
from glasshouse.services.secretsmanager.policies import Policies
from glasshouse.services.secretsmanager.records import Secret, Version
from glasshouse.services.secretsmanager.replication import Replication
from glasshouse.services.secretsmanager.rotation import Rotation
from glasshouse.services.secretsmanager.secrets import Secrets
from glasshouse.services.secretsmanager.values import Values


class SecretsManager(
    Secrets, Values, Passwords, Policies, Replication, Rotation, Encryption, Finding, Service
):  # fmt: skip
    name = "secretsmanager"
    invalid_page_token = InvalidNextTokenException
    secrets = Table(Secret, key="name")
    versions = Table(Version, key=("name", "version_id"))
