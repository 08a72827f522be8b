"""Short messages: there is no telephone network here, so they go into the cloud's outbox, where they can be read.

Nobody can answer "STOP" to a message that was never sent, so no number is opted out, and there is no sandbox.
"""

import re

from glasshouse.core import NotSupported
from glasshouse.services.sns.envelopes import text_for
from glasshouse.services.sns.errors import InvalidParameterException, invalid
from glasshouse.services.sns.records import Note, SmsSettings

PHONE_NUMBER = re.compile(r"\+?[1-9]\d{1,14}")
SETTINGS = {
    "MonthlySpendLimit": re.compile(r"\d{1,9}(\.\d{1,5})?"),
    "DefaultSenderID": re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}"),
    "DefaultSMSType": re.compile("Promotional|Transactional"),
}
UNSUPPORTED = ("DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate", "UsageReportS3Bucket")
THE_ONE = "sms"


class ShortMessages:
    """Phone numbers, and how an account sends to them."""

    def check_if_phone_number_is_opted_out(self, phone_number: str):
        _check_number(phone_number)
        return {"isOptedOut": False}

    def list_phone_numbers_opted_out(self):
        return {"phoneNumbers": []}

    def opt_in_phone_number(self, phone_number: str):
        _check_number(phone_number)

    def get_sms_attributes(self, attributes: list[str] | None = None):
        settings = self.sms_settings.get(THE_ONE)
        known = settings.attributes if settings else {}
        return {"attributes": {name: value for name, value in known.items() if not attributes or name in attributes}}

    def set_sms_attributes(self, attributes: dict[str, str]):
        for name, value in attributes.items():
            if name in UNSUPPORTED:
                raise NotSupported(f"sns: the SMS attribute {name} is not supported by Glasshouse yet")
            if name not in SETTINGS:
                raise InvalidParameterException(f"{name} is not a valid attribute")
            if not SETTINGS[name].fullmatch(value):
                raise invalid(f"{name}: {value} is not valid")
        settings = self.sms_settings.get(THE_ONE) or SmsSettings(THE_ONE, {})
        settings.attributes |= attributes
        self.sms_settings.put(settings)

    def get_sms_sandbox_account_status(self):
        return {"IsInSandbox": False}

    def list_sms_sandbox_phone_numbers(self):
        return {"PhoneNumbers": []}

    def list_origination_numbers(self):
        return {"PhoneNumbers": []}

    def _publish_to_phone(self, phone_number: str, note: Note) -> dict:
        if not PHONE_NUMBER.fullmatch(phone_number):
            raise invalid(f"PhoneNumber Reason: {phone_number} is not valid to publish to")
        self._write_out("sms", phone_number, note, text_for(note, "sms"))
        return {"MessageId": note.message_id}

    def _write_out(self, kind: str, recipient: str, note: Note, text: str):
        """Put a message into the outbox."""
        known = {
            "messageId": note.message_id,
            "topicArn": note.topic_arn,
            "subject": note.subject,
            **{f"attribute {name}": str(value.get("StringValue")) for name, value in note.attributes.items()},
        }
        detail = {name: value for name, value in known.items() if value}
        self.cloud.outbox.keep(kind, recipient, text, detail, self.now)


def _check_number(phone_number: str):
    if not PHONE_NUMBER.fullmatch(phone_number):
        raise invalid("PhoneNumber Reason: input incorrectly formatted")
