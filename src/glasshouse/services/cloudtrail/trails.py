"""Trails: what is logged where."""

import re
from contextlib import suppress

from glasshouse.core import ServiceError
from glasshouse.core.tags import from_list, to_list
from glasshouse.services.cloudtrail.errors import (
    InsightNotEnabledException,
    InsufficientS3BucketPolicyException,
    InsufficientSnsTopicPolicyException,
    InvalidHomeRegionException,
    InvalidParameterCombinationException,
    InvalidTrailNameException,
    MaximumNumberOfTrailsExceededException,
    ResourceNotFoundException,
    S3BucketDoesNotExistException,
    TrailAlreadyExistsException,
    TrailNotFoundException,
)
from glasshouse.services.cloudtrail.identity import iso
from glasshouse.services.cloudtrail.records import Trail

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[._-](?![._-]))*")
TRAILS_PER_REGION = 5


class Tried(Exception):
    """It would have worked, and is to be undone."""


class Trails:
    """The operations on trails."""

    def create_trail(
        self,
        name: str,
        s3_bucket_name: str,
        s3_key_prefix: str | None = None,
        sns_topic_name: str | None = None,
        include_global_service_events: bool = True,
        is_multi_region_trail: bool = False,
        enable_log_file_validation: bool = False,
        cloud_watch_logs_log_group_arn: str | None = None,
        cloud_watch_logs_role_arn: str | None = None,
        kms_key_id: str | None = None,
        is_organization_trail: bool = False,
        tags_list: list | None = None,
    ):
        _check_name(name)
        if self.trails.get(name):
            raise TrailAlreadyExistsException(f"Trail {name} already exists for customer: {self.call.account}")
        if len(list(self.trails.list())) >= TRAILS_PER_REGION:
            raise MaximumNumberOfTrailsExceededException(
                f"User: {self.call.account} already has {TRAILS_PER_REGION} trails in {self.call.region}."
            )
        if is_organization_trail:
            raise InvalidParameterCombinationException("Trails of organizations are not supported by Glasshouse yet.")
        if is_multi_region_trail and not include_global_service_events:
            raise InvalidParameterCombinationException("Multi-Region trail must include global service events.")
        trail = Trail(
            name, self.call.arn(f"trail/{name}"), self.call.region, s3_bucket_name, s3_key_prefix, sns_topic_name,
            include_global_service_events, is_multi_region_trail, enable_log_file_validation,
            cloud_watch_logs_log_group_arn, cloud_watch_logs_role_arn, kms_key_id,
        )  # fmt: skip
        self._check_targets(trail)
        self.cloud.tags.add(trail.trail_arn, from_list(tags_list))
        return self._trail_shown(self.trails.put(trail))

    def update_trail(
        self,
        name: str,
        s3_bucket_name: str | None = None,
        s3_key_prefix: str | None = None,
        sns_topic_name: str | None = None,
        include_global_service_events: bool | None = None,
        is_multi_region_trail: bool | None = None,
        enable_log_file_validation: bool | None = None,
        cloud_watch_logs_log_group_arn: str | None = None,
        cloud_watch_logs_role_arn: str | None = None,
        kms_key_id: str | None = None,
    ):
        trail = self._own_trail(name)
        changes = {
            "s3_bucket_name": s3_bucket_name, "s3_key_prefix": s3_key_prefix, "sns_topic_name": sns_topic_name,
            "include_global_service_events": include_global_service_events, "kms_key_id": kms_key_id,
            "is_multi_region_trail": is_multi_region_trail, "log_file_validation_enabled": enable_log_file_validation,
            "cloud_watch_logs_log_group_arn": cloud_watch_logs_log_group_arn,
            "cloud_watch_logs_role_arn": cloud_watch_logs_role_arn,
        }  # fmt: skip
        for attribute, value in changes.items():
            if value is not None:
                setattr(trail, attribute, value or None if isinstance(value, str) else value)
        self._check_targets(trail)
        return self._trail_shown(self.trails.put(trail))

    def delete_trail(self, name: str):
        trail = self._own_trail(name)
        self.cloud.tags.clear(trail.trail_arn)
        self.cancel(f"deliver {trail.name}")
        self.cancel(f"digest {trail.name}")
        self.trails.delete(trail)
        self._note_data_wanted()

    def describe_trails(self, trail_name_list: list | None = None, include_shadow_trails: bool = True):
        trails = list(self.trails.list())
        if include_shadow_trails:
            trails += [trail for trail in self._trails_elsewhere() if trail.is_multi_region_trail]
        wanted = trail_name_list or []
        shown = [trail for trail in trails if not wanted or {trail.name, trail.trail_arn} & set(wanted)]
        return {"trailList": [self._trail_shown(trail) for trail in shown]}

    def get_trail(self, name: str):
        return {"Trail": self._trail_shown(self._trail(name))}

    def list_trails(self, next_token: str | None = None):
        trails = [*self.trails.list(), *self._trails_elsewhere()]
        return {"Trails": [{"TrailARN": t.trail_arn, "Name": t.name, "HomeRegion": t.home_region} for t in trails]}

    def get_trail_status(self, name: str):
        _check_name(name.rpartition("/")[2])
        trail = self._trail(name if name.startswith("arn:") else self.call.arn(f"trail/{name}"))
        return {
            "IsLogging": trail.is_logging,
            "LatestDeliveryTime": trail.latest_delivery,
            "LatestDeliveryError": trail.delivery_error,
            "LatestCloudWatchLogsDeliveryTime": trail.latest_log_delivery,
            "StartLoggingTime": trail.started,
            "StopLoggingTime": trail.stopped,
            "LatestDigestDeliveryTime": trail.latest_digest,
            "TimeLoggingStarted": iso(trail.started) if trail.started else "",
            "TimeLoggingStopped": iso(trail.stopped) if trail.stopped else "",
            "LatestDeliveryAttemptTime": iso(trail.latest_delivery) if trail.latest_delivery else "",
            "LatestDeliveryAttemptSucceeded": iso(trail.latest_delivery) if trail.latest_delivery else "",
            "LatestNotificationAttemptTime": "",
            "LatestNotificationAttemptSucceeded": "",
        }

    def get_insight_selectors(self, trail_name: str = ""):
        """No trail has insights here, of which AWS tells as of any trail without them."""
        arn = self._trail(trail_name).trail_arn
        raise InsightNotEnabledException(
            f"Trail {arn} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the"
            " operation again."
        )

    def start_logging(self, name: str):
        trail = self._own_trail(name)
        if not trail.is_logging:
            trail.is_logging, trail.started, trail.stopped = True, self.now, None
            trail.delivered = self._last_event()
            self.trails.put(trail)
            self._schedule(trail)
            self._note_data_wanted()

    def stop_logging(self, name: str):
        trail = self._own_trail(name)
        if trail.is_logging:
            self._deliver(trail.name)  # what happened until now is logged
            trail = self._own_trail(name)
            trail.is_logging, trail.stopped = False, self.now
            self.trails.put(trail)
            self.cancel(f"deliver {trail.name}")
            self._note_data_wanted()

    def add_tags(self, resource_id: str, tags_list: list):
        self.cloud.tags.add(self._taggable(resource_id), from_list(tags_list))

    def remove_tags(self, resource_id: str, tags_list: list):
        self.cloud.tags.remove(self._taggable(resource_id), from_list(tags_list))

    def list_tags(self, resource_id_list: list, next_token: str | None = None):
        found = [
            {"ResourceId": arn, "TagsList": to_list(self.cloud.tags.of(self._taggable(arn)))}
            for arn in resource_id_list
        ]
        return {"ResourceTagList": found}

    # Lookups

    def _trail(self, name: str) -> Trail:
        """By name or ARN, of this Region or any other."""
        if name.startswith("arn:"):
            parts = name.split(":")
            trail = self.trails.within(region=parts[3]).get(name.rpartition("/")[2]) if len(parts) > 5 else None
        else:
            _check_name(name)
            trail = self.trails.get(name)
        if trail is None:
            raise TrailNotFoundException(f"Unknown trail: {name} for the user: {self.call.account}")
        return trail

    def _own_trail(self, name: str) -> Trail:
        trail = self._trail(name)
        if trail.home_region != self.call.region:
            raise InvalidHomeRegionException(
                f"The trail {trail.name} has its home in {trail.home_region} and is changed from there."
            )
        return trail

    def _trails_elsewhere(self) -> list[Trail]:
        scopes = self.trails.everywhere()
        here = self.call.account, self.call.region
        return [trail for scope, trail in scopes if scope.startswith(f"{here[0]}/") and trail.home_region != here[1]]

    def _trail_shown(self, trail: Trail) -> dict:
        topic = trail.sns_topic_name
        arn = (
            topic
            if not topic or topic.startswith("arn:")
            else f"arn:aws:sns:{trail.home_region}:{self.call.account}:{topic}"
        )
        return {
            **vars(trail),
            "SnsTopicARN": arn,
            "HasCustomEventSelectors": trail.has_custom_event_selectors,
            "HasInsightSelectors": False,
            "IsOrganizationTrail": False,
        }

    def _check_targets(self, trail: Trail):
        self._check_log_group(trail)
        try:
            self.aws.s3.head_bucket(Bucket=trail.s3_bucket_name)
        except ServiceError:
            raise S3BucketDoesNotExistException(f"S3 bucket {trail.s3_bucket_name} does not exist!") from None
        if not self._may_write(trail):
            raise InsufficientS3BucketPolicyException(
                f"Incorrect S3 bucket policy is detected for bucket: {trail.s3_bucket_name}"
            )
        if trail.sns_topic_name and not self._may_tell(trail):
            raise InsufficientSnsTopicPolicyException("SNS Topic does not exist or the topic policy is incorrect!")

    def _may_write(self, trail: Trail) -> bool:
        """Whether the bucket lets CloudTrail in: it tries, and leaves nothing behind."""
        s3 = self.aws.as_service(trail.trail_arn).s3
        try:
            with suppress(Tried), self.store.transaction():
                s3.get_bucket_acl(Bucket=trail.s3_bucket_name)
                key = f"{trail.prefix}AWSLogs/{self.call.account}/CloudTrail"
                s3.put_object(Bucket=trail.s3_bucket_name, Key=key, Body=b"", ACL="bucket-owner-full-control")
                raise Tried
        except ServiceError:
            return False
        return True

    def _may_tell(self, trail: Trail) -> bool:
        """Whether the topic is there and lets CloudTrail in, found out in the same way."""
        topic = self._trail_shown(trail)["SnsTopicARN"]
        try:
            with suppress(Tried), self.store.transaction():
                self.aws.as_service(trail.trail_arn).sns.publish(TopicArn=topic, Message="{}")
                raise Tried
        except ServiceError:
            return False
        return True

    def _taggable(self, arn: str) -> str:
        if ":eventdatastore/" in arn:
            return self._store_of(arn).event_data_store_arn
        try:
            return self._trail(arn).trail_arn
        except TrailNotFoundException:
            raise ResourceNotFoundException(f"The resource {arn} is not found.") from None


def _check_name(name: str):
    if not 3 <= len(name) <= 128:
        problem = "short. Minimum allowed length: 3" if len(name) < 3 else "long. Maximum allowed length: 128"
        raise InvalidTrailNameException(
            f"Trail name too {problem} characters. Specified name length: {len(name)} characters."
        )
    for place, word in ((0, "starts"), (-1, "ends")):
        if not name[place].isalnum():
            raise InvalidTrailNameException(f"Trail name must {word} with a letter or number.")
    if not NAME.fullmatch(name) or re.fullmatch(r"\d+(\.\d+){3}", name):
        raise InvalidTrailNameException(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens"
            " (-), and underscores (_)."
        )
