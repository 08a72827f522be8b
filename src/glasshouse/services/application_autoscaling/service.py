"""Application Auto Scaling: the throughput of tables and their indexes, and the provisioned concurrency of functions.

Differs from AWS: other namespaces cannot be registered yet; alarms are set for a new capacity at once.
"""

from glasshouse.core import Service, Table
from glasshouse.services.application_autoscaling.activities import Activities
from glasshouse.services.application_autoscaling.errors import InvalidNextTokenException
from glasshouse.services.application_autoscaling.policies import Policies
from glasshouse.services.application_autoscaling.records import Activity, Policy, ScheduledAction, Target
from glasshouse.services.application_autoscaling.scaling import Scaling
from glasshouse.services.application_autoscaling.scheduled import ScheduledActions
from glasshouse.services.application_autoscaling.targets import Targets

TARGET = ("service_namespace", "resource_id", "scalable_dimension")


class ApplicationAutoScaling(Targets, Policies, ScheduledActions, Activities, Scaling, Service):
    name = "application-autoscaling"
    invalid_page_token = InvalidNextTokenException
    targets = Table(Target, key=TARGET)
    policies = Table(Policy, key=(*TARGET, "policy_name"))
    actions = Table(ScheduledAction, key=(*TARGET, "scheduled_action_name"))
    activities = Table(Activity, key=("service_namespace", "order", "activity_id"))
