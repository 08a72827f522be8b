"""Lifecycle configurations: what is to happen to objects as they grow old. What does happen is in `aging`.

Differs from AWS: what is due at a midnight is done at that midnight, not in the hours or days after it, and an object
may be subject to more than one action in a day.
"""

from base64 import b64encode

from glasshouse.core import ids
from glasshouse.services.s3 import lifecycle_checks, lifecycle_rules
from glasshouse.services.s3.aging import SMALLEST, job_key, next_midnight
from glasshouse.services.s3.errors import InvalidRequest, MissingRequestBodyError
from glasshouse.services.s3.records import Bucket, ObjectVersion, Upload
from glasshouse.services.s3.setting_errors import NoSuchLifecycleConfiguration


class Lifecycles:
    def put_bucket_lifecycle_configuration(
        self, bucket: str, lifecycle_configuration: dict | None = None, checksum_algorithm: str | None = None,
        expected_bucket_owner: str | None = None, transition_default_minimum_object_size: str = SMALLEST[0],
    ):  # fmt: skip
        found = self._bucket(bucket, expected_bucket_owner)
        if lifecycle_configuration is None:
            raise MissingRequestBodyError()
        smallest = transition_default_minimum_object_size
        if smallest not in SMALLEST:
            raise InvalidRequest(f"Invalid TransitionDefaultMinimumObjectSize found: {smallest}")
        rules = lifecycle_configuration["Rules"]
        lifecycle_checks.check(rules)
        named = [{"ID": b64encode(ids.uuid().encode()).decode(), **rule} for rule in rules]
        self._keep_setting(found, "lifecycle", {"rules": named, "smallest": smallest})
        found.expires = True
        self.buckets.put(found)
        self._schedule(found, "_age", next_midnight(self.now), {"bucket": bucket}, job_key(bucket))
        return {"TransitionDefaultMinimumObjectSize": smallest}

    def get_bucket_lifecycle_configuration(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        kept = self._setting(found, "lifecycle", NoSuchLifecycleConfiguration)
        return {"Rules": kept["rules"], "TransitionDefaultMinimumObjectSize": kept["smallest"]}

    def delete_bucket_lifecycle(self, bucket: str, expected_bucket_owner: str | None = None):
        found = self._bucket(bucket, expected_bucket_owner)
        self._drop_setting(found, "lifecycle")
        self._unschedule(found, job_key(bucket))
        found.expires = False
        self.buckets.put(found)

    def _expiration(self, bucket: Bucket, version: ObjectVersion) -> dict:
        """The member Expiration of what PutObject, CopyObject, CompleteMultipartUpload, GetObject, HeadObject answer;
        called for buckets that have lifecycle rules (`bucket.expires`)."""
        if version.superseded is not None or "VersionId" in self.call.params:
            return {}
        found = lifecycle_rules.expiry(self._lifecycle_rules(bucket), version)
        if found is None:
            return {}
        due, rule_id = found
        named = lifecycle_rules.rule_id_in_header(rule_id)
        return {"Expiration": f'expiry-date="{lifecycle_rules.http_date(due)}", rule-id="{named}"'}

    def _abort_rule(self, bucket: Bucket, upload: Upload) -> dict:
        """The members AbortDate and AbortRuleId; called for buckets that have lifecycle rules."""
        found = lifecycle_rules.abortion(self._lifecycle_rules(bucket), upload.key, upload.initiated)
        if found is None:
            return {}
        return {"AbortDate": found[0], "AbortRuleId": lifecycle_rules.rule_id_in_header(found[1])}

    def _lifecycle_rules(self, bucket: Bucket) -> list[dict]:
        return (self._setting(bucket, "lifecycle") or {"rules": []})["rules"]
