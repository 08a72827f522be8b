"""What belongs to the account rather than to an API: its settings, client certificates, and everybody's tags."""

from datetime import UTC, datetime, timedelta
from typing import Any

from glasshouse.core import ServiceError, ids
from glasshouse.services.apigateway import patches
from glasshouse.services.apigateway.errors import BadRequestException, NotFoundException
from glasshouse.services.apigateway.finding import by_age
from glasshouse.services.apigateway.records import AccountSettings, ClientCertificate

CERTIFICATE_DAYS = 365
THROTTLE = {"burstLimit": 5000, "rateLimit": 10000.0}
USAGE_PLANS = "UsagePlans"
NO_CERTIFICATE = "Invalid Client Certificate identifier specified"
UNUSABLE_ROLE = (
    "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add"
    " the required role policy."
)


class Settings:
    def get_account(self):
        return self._shown_account()

    def update_account(self, patch_operations: list | None = None):
        settings = self._account_settings()
        for patch in patches.read(patch_operations):
            if patch.path == "/cloudwatchRoleArn":
                patch.require("replace", "add", "remove")
                role = None if patch.op == "remove" else patch.value or None
                self._check_role(role)
                settings.cloudwatch_role_arn = role
            elif patch.path != "/features":
                raise patch.unknown()
            elif patch.op == "remove" and patch.value == USAGE_PLANS:
                raise BadRequestException("Usage Plans cannot be disabled once enabled")
        self.account_settings.put(settings)
        return self._shown_account()

    def _account_settings(self) -> AccountSettings:
        return self.account_settings.get("account") or AccountSettings()

    def _shown_account(self) -> dict[str, Any]:
        return {
            "cloudwatchRoleArn": self._account_settings().cloudwatch_role_arn, "throttleSettings": THROTTLE,
            "features": [USAGE_PLANS], "apiKeyVersion": "4",
        }  # fmt: skip

    def _check_role(self, role: str | None):
        """Raise unless API Gateway may assume the role."""
        if role is None:
            return
        try:
            self.aws.as_role(role, session_name="cloudwatch-test").sts.get_caller_identity()
        except ServiceError:
            raise BadRequestException(UNUSABLE_ROLE) from None

    # Client certificates

    def generate_client_certificate(self, description: str | None = None, tags: dict | None = None):
        expires = self.now + CERTIFICATE_DAYS * 86_400
        pem, key = _certificate(self.now)
        sealed = self.cloud.seal.close(key).hex()
        certificate = ClientCertificate(ids.token(6, ids.LOWER), self.now, expires, pem, sealed, description)
        self.cloud.tags.add(self._arn(f"/clientcertificates/{certificate.client_certificate_id}"), tags)
        return self._shown_certificate(self.certificates.put(certificate), always_tags=False)

    def get_client_certificate(self, client_certificate_id: str):
        return self._shown_certificate(self._certificate(client_certificate_id))

    def get_client_certificates(self, position: str | None = None, limit: int | None = None):
        page = self._page(
            self.certificates.list(), limit, position,
            lambda certificate: by_age(certificate.created_date, certificate.client_certificate_id),
        )  # fmt: skip
        return page | {"items": [self._shown_certificate(one, always_tags=False) for one in page["items"]]}

    def update_client_certificate(self, client_certificate_id: str, patch_operations: list | None = None):
        certificate = self._certificate(client_certificate_id)
        patches.replace_listed(certificate, patch_operations, {"/description": ("description", patches.text)})
        return self._shown_certificate(self.certificates.put(certificate))

    def delete_client_certificate(self, client_certificate_id: str):
        certificate = self._certificate(client_certificate_id)
        for _, stage in self.stages.everywhere():
            if stage.client_certificate_id == client_certificate_id:
                raise BadRequestException(
                    f"Client certificate '{client_certificate_id}' is in use by stage {stage.stage_name} of {stage.api}"
                )
        self.cloud.tags.clear(self._arn(f"/clientcertificates/{client_certificate_id}"))
        self.certificates.delete(certificate)

    def _certificate(self, certificate_id: str) -> ClientCertificate:
        certificate = self.certificates.get(certificate_id)
        if certificate is None:
            raise NotFoundException(NO_CERTIFICATE)
        return certificate

    def _shown_certificate(self, certificate: ClientCertificate, always_tags: bool = True) -> dict[str, Any]:
        tags = self._tags(f"/clientcertificates/{certificate.client_certificate_id}")
        return {
            "clientCertificateId": certificate.client_certificate_id, "description": certificate.description,
            "pemEncodedCertificate": certificate.pem_encoded_certificate, "createdDate": certificate.created_date,
            "expirationDate": certificate.expiration_date, "tags": tags if tags or always_tags else None,
        }  # fmt: skip

    # Tags

    def tag_resource(self, resource_arn: str, tags: dict):
        self.cloud.tags.add(self._taggable(resource_arn), tags)

    def untag_resource(self, resource_arn: str, tag_keys: list[str]):
        self.cloud.tags.remove(self._taggable(resource_arn), tag_keys)

    def get_tags(self, resource_arn: str, position: str | None = None, limit: int | None = None):
        return {"tags": self.cloud.tags.of(self._taggable(resource_arn))}

    def _taggable(self, arn: str) -> str:
        """The ARN of something that is there and has tags."""
        prefix = self._arn("/")
        if not arn.startswith(prefix):
            raise BadRequestException("Invalid resource ARN specified in the request")
        match arn.removeprefix(prefix).split("/"):
            case ["restapis", api]:
                self._api(api)
            case ["restapis", api, "stages", stage]:
                self._stage(api, stage)
            case ["apikeys", key]:
                self._key(key)
            case ["usageplans", plan]:
                self._plan(plan)
            case ["domainnames", domain]:
                self._domain(domain)
            case ["clientcertificates", certificate]:
                self._certificate(certificate)
            case _:
                raise BadRequestException("Invalid resource ARN specified in the request")
        return arn


def _certificate(now: float) -> tuple[str, bytes]:
    """(certificate, key), both as PEM: self-signed, as those of AWS are."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ApiGateway")])
    begins = datetime.fromtimestamp(now, UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begins)
    certificate = builder.not_valid_after(begins + timedelta(days=CERTIFICATE_DAYS)).sign(key, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    return pem, private
