"""Mobile push: applications and their devices are kept as on AWS; what is pushed goes into the cloud's outbox.

Differs from AWS: credentials of the platforms are not tried, and nobody tells us that a device is gone.
"""

import json
import re
from collections.abc import Mapping

from glasshouse.core import ids
from glasshouse.services.sns.errors import EndpointDisabledException, NotFoundException, invalid
from glasshouse.services.sns.records import Application, Endpoint, Note

PLATFORMS = ("ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "FCM", "GCM", "MACOS",
             "MACOS_SANDBOX", "MPNS", "WNS")  # fmt: skip
NAME, NAME_LENGTH = re.compile(r"[A-Za-z0-9_.-]+"), 256
APPLICATION_ATTRIBUTES = {
    "ApplePlatformBundleID", "ApplePlatformTeamID", "EventDeliveryFailure", "EventEndpointCreated",
    "EventEndpointDeleted", "EventEndpointUpdated", "FailureFeedbackRoleArn", "PlatformCredential",
    "PlatformPrincipal", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate",
}  # fmt: skip
ENDPOINT_ATTRIBUTES = {"CustomUserData", "Enabled", "Token"}
ONE_SECRET = ("FCM", "GCM")  # Google's platforms know no principal
SECRETS = {"PlatformCredential", "PlatformPrincipal"}
USER_DATA_BYTES = 2048
AT_ONCE = 100


class Push:
    """Platform applications and their endpoints."""

    def create_platform_application(self, name: str, platform: str, attributes: dict[str, str]):
        _check_name(name)
        if platform not in PLATFORMS:
            raise invalid(f"Platform Reason: {platform} is not supported")
        _check_names(attributes, APPLICATION_ATTRIBUTES)
        _check_secrets(platform, attributes)
        arn = self.call.arn(f"app/{platform}/{name}")
        self.applications.put(Application(arn, {"Enabled": "true"} | _without_secrets(attributes)))
        return {"PlatformApplicationArn": arn}

    def delete_platform_application(self, platform_application_arn: str):
        application = self.applications.get(platform_application_arn)
        if application:
            for endpoint in self.endpoints.list(application.arn):
                self.endpoints.delete(endpoint)
            self.applications.delete(application)

    def list_platform_applications(self, next_token: str | None = None):
        page = self.applications.page(AT_ONCE, next_token)
        shown = [
            {"PlatformApplicationArn": application.arn, "Attributes": application.attributes}
            for application in page.records
        ]
        return {"PlatformApplications": shown, "NextToken": page.next_token}

    def get_platform_application_attributes(self, platform_application_arn: str):
        return {"Attributes": self._application(platform_application_arn).attributes}

    def set_platform_application_attributes(self, platform_application_arn: str, attributes: dict[str, str]):
        application = self._application(platform_application_arn)
        _check_names(attributes, APPLICATION_ATTRIBUTES)
        application.attributes |= _without_secrets(attributes)
        self.applications.put(application)

    def create_platform_endpoint(
        self, platform_application_arn: str, token: str, custom_user_data: str | None = None,
        attributes: dict[str, str] | None = None,
    ):  # fmt: skip
        application = self._application(platform_application_arn)
        given = {"CustomUserData": custom_user_data or "", **(attributes or {}), "Token": token}
        _check_endpoint(given)
        for endpoint in self.endpoints.list(application.arn):
            if endpoint.attributes["Token"] == token:
                _check_same(endpoint, given)
                return {"EndpointArn": endpoint.arn}
        id = ids.uuid()
        arn = f"{application.arn.replace(':app/', ':endpoint/', 1)}/{id}"
        self.endpoints.put(Endpoint(application.arn, id, arn, {"Enabled": "true"} | given))
        return {"EndpointArn": arn}

    def delete_endpoint(self, endpoint_arn: str):
        endpoint = self._endpoint(endpoint_arn)
        if endpoint:
            self.endpoints.delete(endpoint)

    def get_endpoint_attributes(self, endpoint_arn: str):
        return {"Attributes": self._existing_endpoint(endpoint_arn).attributes}

    def set_endpoint_attributes(self, endpoint_arn: str, attributes: dict[str, str]):
        endpoint = self._existing_endpoint(endpoint_arn)
        _check_endpoint(attributes)
        endpoint.attributes |= attributes
        self.endpoints.put(endpoint)

    def list_endpoints_by_platform_application(self, platform_application_arn: str, next_token: str | None = None):
        application = self._application(platform_application_arn)
        page = self.endpoints.page(AT_ONCE, next_token, application.arn)
        shown = [{"EndpointArn": endpoint.arn, "Attributes": endpoint.attributes} for endpoint in page.records]
        return {"Endpoints": shown, "NextToken": page.next_token}

    def _application(self, arn: str) -> Application:
        application = self.applications.get(arn)
        if application is None:
            raise NotFoundException("PlatformApplication does not exist")
        return application

    def _endpoint(self, arn: str) -> Endpoint | None:
        application, _, id = arn.replace(":endpoint/", ":app/", 1).rpartition("/")
        return self.endpoints.get(application, id)

    def _existing_endpoint(self, arn: str) -> Endpoint:
        endpoint = self._endpoint(arn)
        if endpoint is None:
            raise NotFoundException("Endpoint does not exist")
        return endpoint

    def _publish_to_endpoint(self, arn: str, note: Note) -> dict:
        endpoint = self._endpoint(arn)
        if endpoint is None:
            raise invalid("TargetArn Reason: No endpoint found for the target arn specified")
        if endpoint.attributes["Enabled"] != "true":
            raise EndpointDisabledException()
        self._push(endpoint, note)
        return {"MessageId": note.message_id}

    def _push_to(self, arn: str, note: Note):
        """To a subscribed device, if it is there and wants it."""
        endpoint = self._endpoint(arn)
        if endpoint and endpoint.attributes["Enabled"] == "true":
            self._push(endpoint, note)

    def _push(self, endpoint: Endpoint, note: Note):
        """A device gets the text of its platform."""
        platform = endpoint.application.split("/")[1]
        text = note.message
        if note.structure == "json":
            texts = json.loads(note.message)
            text = texts.get(platform, texts["default"])
        self._write_out("push", endpoint.arn, note, text if isinstance(text, str) else json.dumps(text))


def _check_name(name: str):
    reason = None
    if not name:
        reason = "cannot be empty"
    elif len(name) > NAME_LENGTH:
        reason = f"must be at most {NAME_LENGTH} characters long"
    elif not NAME.fullmatch(name):
        reason = "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"
    if reason:
        raise invalid(f"{name} Reason: {reason}")


def _check_secrets(platform: str, attributes: Mapping[str, str]):
    credential, principal = attributes.get("PlatformCredential"), attributes.get("PlatformPrincipal")
    if principal and not credential:
        raise invalid("Attributes Reason: PlatformPrincipal attribute provided without PlatformCredential")
    if not credential:
        raise invalid("Attributes Reason: PlatformCredential is required")
    if not principal and platform not in ONE_SECRET:
        raise invalid("Attributes Reason: PlatformCredential attribute provided without PlatformPrincipal")


def _without_secrets(attributes: Mapping[str, str]) -> dict[str, str]:
    """Credentials of a platform are never shown again; as nothing is sent there, they are not kept either."""
    return {name: value for name, value in attributes.items() if name not in SECRETS}


def _check_names(attributes: Mapping[str, str], known: set[str]):
    for name in attributes.keys() - known:
        raise invalid(f"Attributes Reason: Invalid attribute name: {name}")


def _check_endpoint(attributes: Mapping[str, str]):
    _check_names(attributes, ENDPOINT_ATTRIBUTES)
    if len(attributes.get("CustomUserData", "").encode()) > USER_DATA_BYTES:
        raise invalid(
            "Attributes Reason: Invalid value for attribute: CustomUserData: must be at most"
            f" {USER_DATA_BYTES} bytes long in UTF-8 encoding"
        )
    if attributes.get("Enabled", "true") not in ("true", "false"):
        raise invalid("Attributes Reason: Invalid value for attribute: Enabled")


def _check_same(endpoint: Endpoint, given: Mapping[str, str]):
    """A token is registered twice without harm, if it is registered the same."""
    if any(endpoint.attributes.get(name, "") != value for name, value in given.items()):
        raise invalid(
            f"Token Reason: Endpoint {endpoint.arn} already exists with the same Token, but different attributes."
        )
