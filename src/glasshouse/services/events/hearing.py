"""What services tell: their facts become the events that AWS documents for them, on the default bus.

A fact is asked for only where some rule may match its event, so that nobody else pays for it. Calls of the API, and
what CloudTrail tells of services, become events only while a trail is logging, as on AWS.
"""

import json
from typing import Any

from glasshouse.core import ServiceError, ids
from glasshouse.services.events.inputs import iso_time
from glasshouse.services.events.matching import compiled
from glasshouse.services.events.records import ALL_MANAGEMENT_EVENTS, DEFAULT

API_CALL, SERVICE_EVENT = "AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"
PARAMETER_CHANGE, PARAMETER_ACTION = "Parameter Store Change", "Parameter Store Policy Action"
HEALTH_EVENT = "AWS Health Event"
# (source, detail type) of what a fact becomes; None as the source for that of any service.
HEARD: dict[str, tuple[str | None, str, str]] = {
    "cloudtrail.ManagementEvent": (None, API_CALL, "_hear_call"),
    "cloudtrail.ManagementRead": (None, API_CALL, "_hear_read"),
    "health.EventPublished": ("aws.health", HEALTH_EVENT, "_hear_health"),
    "kms.ImportedKeyMaterialExpired": ("aws.kms", "KMS Imported Key Material Expiration", "_hear_key_expired"),
    "kms.KeyDeleted": ("aws.kms", "KMS CMK Deletion", "_hear_key_deleted"),
    "kms.KeyRotated": ("aws.kms", "KMS CMK Rotation", "_hear_key_rotated"),
    "organizations.CreateAccountResult": ("aws.organizations", SERVICE_EVENT, "_hear_account_made"),
    "secretsmanager.RotationFailed": ("aws.secretsmanager", SERVICE_EVENT, "_hear_rotation_failed"),
    "secretsmanager.SecretRotated": ("aws.secretsmanager", SERVICE_EVENT, "_hear_rotation"),
    "ssm.ParameterChanged": ("aws.ssm", PARAMETER_CHANGE, "_hear_parameter"),
    "ssm.ParameterPolicyAction": ("aws.ssm", PARAMETER_ACTION, "_hear_parameter_policy"),
}


class Hearing:
    """Facts of other services as events."""

    def _listen_to_services(self):
        """The rules of the default bus have changed: ask for the facts that may interest them."""
        rules = [rule for rule in self.rules.list(DEFAULT) if rule.is_enabled and rule.event_pattern]
        patterns = [compiled(rule.event_pattern) for rule in rules]
        reads = [compiled(rule.event_pattern) for rule in rules if rule.state == ALL_MANAGEMENT_EVENTS]
        wanted = {}
        for fact, (source, detail_type, method) in HEARD.items():
            known = {"detail-type": detail_type} | ({"source": source} if source else {})
            asking = reads if fact == "cloudtrail.ManagementRead" else patterns
            if any(pattern.may_match(known) for pattern in asking):
                wanted[fact] = method
        self.hear(wanted)

    def _publish(self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str], reads=False):
        event = self._event(source, detail_type, detail, resources, self.now)
        self._receive(DEFAULT, event, reads_only=reads)

    # https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-eventbridge-events.html

    def _hear_parameter(
        self, name: str, type: str, operation: str, arn: str, description: str | None = None,
        exception: str | None = None, data_type: str | None = None,
    ):  # fmt: skip
        detail = {"name": name, "type": type, "operation": operation, "description": description}
        detail |= {"exception": exception, "dataType": data_type}
        told = {key: value for key, value in detail.items() if value is not None}
        self._publish("aws.ssm", PARAMETER_CHANGE, told, [arn])

    def _hear_parameter_policy(self, name: str, type: str, arn: str, policy_type: str, policy_content: str):
        detail = {
            "parameter-name": name, "parameter-type": type, "policy-type": policy_type,
            "policy-content": policy_content,
        }  # fmt: skip
        self._publish("aws.ssm", PARAMETER_ACTION, detail, [arn])

    # https://docs.aws.amazon.com/kms/latest/developerguide/kms-events.html

    def _hear_key_deleted(self, key_id: str, arn: str, region: str):
        self._at(self.call.account, region)._publish("aws.kms", "KMS CMK Deletion", {"key-id": key_id}, [arn])

    def _hear_key_rotated(self, key_id: str, arn: str, region: str):
        detail = {"key-id": key_id, "key-origin": "AWS_KMS"}
        self._at(self.call.account, region)._publish("aws.kms", "KMS CMK Rotation", detail, [arn])

    def _hear_key_expired(self, key_id: str, arn: str):
        self._publish("aws.kms", "KMS Imported Key Material Expiration", {"key-id": key_id}, [arn])

    # https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html

    def _hear_health(self, arn: str):
        found = self.aws.health.describe_event_details(eventArns=[arn])["successfulSet"]
        if not found:
            return
        event, text = found[0]["event"], found[0]["eventDescription"]["latestDescription"]
        entities = self.aws.health.describe_affected_entities(filter={"eventArns": [arn]}, maxResults=100)["entities"]
        values = [entity["entityValue"] for entity in entities]
        times = {name: event.get(name) for name in ("startTime", "endTime", "lastUpdatedTime")}
        detail = {
            "eventArn": arn, "service": event["service"], "eventTypeCode": event["eventTypeCode"],
            "eventTypeCategory": event["eventTypeCategory"], "eventScopeCode": event["eventScopeCode"],
            "communicationId": arn.rpartition("_")[2], "statusCode": event["statusCode"],
            "eventRegion": event["region"], "affectedAccount": self.call.account, "page": "1", "totalPages": "1",
            **{name: iso_time(moment) for name, moment in times.items() if moment is not None},
            "eventDescription": [{"language": "en_US", "latestDescription": text}],
            "affectedEntities": [{"entityValue": value} for value in values],
        }  # fmt: skip
        self._publish("aws.health", HEALTH_EVENT, detail, values)

    # What CloudTrail tells

    def _hear_call(self, record: str):
        self._tell_of_call(json.loads(record), reads=False)

    def _hear_read(self, record: str):
        self._tell_of_call(json.loads(record), reads=True)

    def _tell_of_call(self, record: dict[str, Any], reads: bool):
        if self._is_trailed():
            source = f"aws.{record['eventSource'].removesuffix('.amazonaws.com')}"
            self._publish(source, API_CALL, record, [], reads)

    def _hear_rotation(self, arn: str, version_id: str):
        self._tell_of_service("secretsmanager", "RotationSucceeded", {"SecretId": arn})

    def _hear_rotation_failed(self, arn: str, step: str, error: str):
        self._tell_of_service("secretsmanager", "RotationFailed", {"SecretId": arn})

    def _hear_account_made(self, request: str, state: str, account: str | None):
        status = {"id": request, "state": state, "accountId": account}
        told = {"createAccountStatus": {name: value for name, value in status.items() if value is not None}}
        self._tell_of_service("organizations", "CreateAccountResult", None, told)

    def _tell_of_service(self, service: str, name: str, more: dict | None, details: dict | None = None):
        """An event that no call caused."""
        if not self._is_trailed():
            return
        host = f"{service}.amazonaws.com"
        record = {
            "eventVersion": "1.11", "userIdentity": {"accountId": self.call.account, "invokedBy": host},
            "eventTime": iso_time(self.now), "eventSource": host, "eventName": name, "awsRegion": self.call.region,
            "sourceIPAddress": host, "userAgent": host, "requestParameters": None, "responseElements": None,
            **({"additionalEventData": more} if more else {}), "eventID": ids.uuid(), "readOnly": False,
            "eventType": "AwsServiceEvent", "managementEvent": True, "recipientAccountId": self.call.account,
            **({"serviceEventDetails": details} if details else {}), "eventCategory": "Management",
        }  # fmt: skip
        self._publish(f"aws.{service}", SERVICE_EVENT, record, [])

    def _is_trailed(self) -> bool:
        """Whether a trail of the account logs what happens here."""
        try:
            trails = self.aws.cloudtrail.describe_trails()["trailList"]
            return any(self.aws.cloudtrail.get_trail_status(Name=trail["TrailARN"])["IsLogging"] for trail in trails)
        except ServiceError:
            return False
