"""Scaling activities: what was changed, or was not, and why. They are kept for six weeks."""

from glasshouse.core import ids
from glasshouse.services.application_autoscaling.dimensions import KINDS, Resource
from glasshouse.services.application_autoscaling.errors import ServiceError
from glasshouse.services.application_autoscaling.records import Activity, Target, values
from glasshouse.services.application_autoscaling.targets import page_size

SIX_WEEKS_S = 42 * 86_400
LAST_US = 10**18  # a moment later than all, in microseconds


class Activities:
    """Changing capacities, and telling what was changed."""

    def describe_scaling_activities(
        self, service_namespace: str, resource_id: str | None = None, scalable_dimension: str | None = None,
        max_results: int | None = None, next_token: str | None = None, include_not_scaled_activities: bool = False,
    ):  # fmt: skip
        def wanted(activity: Activity) -> bool:
            return (
                resource_id in (None, activity.resource_id)
                and scalable_dimension in (None, activity.scalable_dimension)
                and (include_not_scaled_activities or activity.not_scaled_reasons is None)
            )

        page = self.activities.page(page_size(max_results), next_token, service_namespace, where=wanted)
        return {"ScalingActivities": [values(one) for one in page.records], "NextToken": page.next_token}

    # Within

    def _change(self, target: Target, resource: Resource, wanted: int, cause: str) -> bool:
        """Set a capacity. While the resource is busy with another change, nothing is done and nothing noted."""
        words = KINDS[target.scalable_dimension].words
        description = f"Setting {words} to {wanted}."
        try:
            with self.store.transaction():
                resource.set_capacity(wanted)
        except ServiceError as failure:
            if failure.code != "ResourceInUseException":
                told = f"Failed to set {words} to {wanted}. Reason: {failure.message}"
                self._note(target, description, cause, "Failed", told)
            return False
        done = f"Successfully set {words} to {wanted}. Change successfully fulfilled by {target.service_namespace}."
        self._note(target, description, cause, "Successful", done)
        return True

    def _note(self, target: Target, description: str, cause: str, status: str, message: str):
        self._keep_activity(self._activity(target, description, cause, status, message))

    def _note_not_scaled(self, target: Target, cause: str, reason: str, **detail: int):
        """Once, however often it is found in a row."""
        reasons = [{"Code": reason, **detail}]
        of_all = self.activities.list(target.service_namespace)
        last = next((one for one in of_all if one.target == target.key), None)
        if last is not None and last.not_scaled_reasons == reasons:
            return
        activity = self._activity(target, "Attempting to scale due to alarm triggered", cause, "Failed", None)
        activity.not_scaled_reasons = reasons
        self._keep_activity(activity)

    def _activity(self, target: Target, description: str, cause: str, status: str, message: str | None) -> Activity:
        order = LAST_US - int(self.now * 1e6)
        if (last := next(self.activities.list(target.service_namespace), None)) is not None:
            order = min(order, last.order - 1)
        return Activity(
            target.service_namespace, order, ids.uuid(), target.resource_id,
            target.scalable_dimension, description, cause, self.now, status, self.now, message,
        )  # fmt: skip

    def _keep_activity(self, activity: Activity):
        self.activities.put(activity)
        key = [activity.service_namespace, activity.order, activity.activity_id]
        self.later("_forget_activity", after=SIX_WEEKS_S, activity=key)

    def _forget_activity(self, activity: list):
        if kept := self.activities.get(*activity):
            self.activities.delete(kept)
