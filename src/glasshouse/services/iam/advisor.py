"""The access advisor: which services policies allow, and when they were last used (see uses.py).

Differs from AWS: it looks back as far as the cloud does, not 400 days, tells of what happened up to the last minute
rather than four hours ago, and knows the actions of every service.
"""

import fnmatch

from glasshouse.core import ids
from glasshouse.engines.policy import parse
from glasshouse.engines.policy.service_data import service_data
from glasshouse.services.iam.entities import PAGE
from glasshouse.services.iam.errors import InvalidInput, NoSuchEntity
from glasshouse.services.iam.records import AdvisorJob, Group, Identity, Role, User


class Advisor:
    """The operations of the access advisor."""

    def generate_service_last_accessed_details(self, arn: str, granularity: str = "SERVICE_LEVEL"):
        self._advised(arn)
        job = AdvisorJob(ids.uuid(), arn, granularity, self.now)
        self.advisor_jobs.put(job)
        self.later("_advise", job=job.job_id)
        return {"JobId": job.job_id}

    def get_service_last_accessed_details(self, job_id: str, max_items: int = PAGE, marker: str | None = None):
        job = self._advisor_job(job_id)
        found, page = self._slice(job.services, marker, max_items)
        return {**_job_shown(job), "ServicesLastAccessed": found, **page}

    def get_service_last_accessed_details_with_entities(
        self, job_id: str, service_namespace: str, max_items: int = PAGE, marker: str | None = None
    ):
        job = self._advisor_job(job_id)
        service = next((one for one in job.services if one["ServiceNamespace"] == service_namespace), None)
        if service is None and job.completed is not None:
            raise NoSuchEntity(f"Service {service_namespace} was not found in the report.")
        details = [
            {"EntityInfo": _info(entity), "LastAuthenticated": use.date if use else None}
            for entity in self._advised(job.arn)[1]
            for use in [self.service_uses.get(entity.arn, service_namespace)]
        ]
        found, page = self._slice(details, marker, max_items)
        return {**_job_shown(job), "EntityDetailsList": found, **page}

    def list_policies_granting_service_access(self, arn: str, service_namespaces: list, marker: str | None = None):
        for namespace in service_namespaces:
            if service_data().name_of(namespace) is None:
                raise InvalidInput(f"Service namespace {namespace} is not valid.")
        policies = self._shown_policies(self._entity(arn))
        entries = [
            {
                "ServiceNamespace": namespace,
                "Policies": [shown for shown, text in policies if namespace in _granted(text)],
            }
            for namespace in service_namespaces
        ]
        found, page = self._slice(entries, marker, PAGE)
        return {"PoliciesGrantingServiceAccess": found, **page}

    # Within

    def _advise(self, job: str):
        found = self.advisor_jobs.get(job)
        if found is None:
            return
        texts, entities = self._advised(found.arn)
        namespaces = sorted({name for text in texts for name in _granted(text)})
        found.services = [self._last_accessed(name, entities, found.granularity) for name in namespaces]
        found.completed = self.now
        self.advisor_jobs.put(found)

    def _advised(self, arn: str) -> tuple[list[str], list[Identity]]:
        """The policies that a report is about, and the users and roles whose calls it counts."""
        if ":policy/" in arn:
            policy = self._policy(arn)
            holders = [one for rows in (self.users, self.roles, self.groups) for one in rows.list()]
            holding = [one for one in holders if arn in one.attached]
            return [policy.document], self._people(holding)
        entity = self._entity(arn)
        return [text for _, text in self._shown_policies(entity)], self._people([entity])

    def _people(self, entities: list[Identity]) -> list[Identity]:
        """Users and roles as they are, groups as their users."""
        groups = {entity.group_name for entity in entities if isinstance(entity, Group)}
        members = [user for user in self.users.list() if groups & set(user.groups)] if groups else []
        people = [entity for entity in entities if not isinstance(entity, Group)] + members
        return list({person.arn: person for person in people}.values())

    def _shown_policies(self, entity: Identity) -> list[tuple[dict, str]]:
        """The policies of an entity and of its groups, as ListPoliciesGrantingServiceAccess shows them, and texts."""
        carriers = [entity]
        if isinstance(entity, User):
            carriers += [self._group(name) for name in entity.groups]
        found = []
        for carrier in carriers:
            about = _info(carrier)
            for name, text in carrier.inline.items():
                shown = {"PolicyName": name, "PolicyType": "INLINE"}
                found.append((shown | {"EntityType": about["Type"], "EntityName": about["Name"]}, text))
            for arn in carrier.attached:
                name = arn.rpartition("/")[2]
                shown = {"PolicyName": name, "PolicyType": "MANAGED", "PolicyArn": arn}
                found.append((shown, self._policy_text(arn)))
        return found

    def _last_accessed(self, namespace: str, entities: list[Identity], granularity: str) -> dict:
        uses = [use for entity in entities if (use := self.service_uses.get(entity.arn, namespace))]
        shown = {
            "ServiceName": service_data().name_of(namespace),
            "ServiceNamespace": namespace,
            "TotalAuthenticatedEntities": len(uses),
        }
        last = max(uses, key=lambda use: use.date, default=None)
        if last:
            shown |= {
                "LastAuthenticated": last.date,
                "LastAuthenticatedEntity": last.entity_arn,
                "LastAuthenticatedRegion": last.region,
            }
        if granularity == "ACTION_LEVEL":
            shown["TrackedActionsLastAccessed"] = _tracked(uses)
        return shown

    def _advisor_job(self, job_id: str) -> AdvisorJob:
        job = self.advisor_jobs.get(job_id)
        if job is None:
            raise NoSuchEntity(f"Job {job_id} could not be found.")
        return job


def _tracked(uses: list) -> list[dict]:
    latest: dict[str, dict] = {}
    for use in uses:
        for name, (moment, region) in use.actions.items():
            if name not in latest or latest[name]["LastAccessedTime"] < moment:
                latest[name] = {
                    "ActionName": name,
                    "LastAccessedEntity": use.entity_arn,
                    "LastAccessedTime": moment,
                    "LastAccessedRegion": region,
                }
    return [latest[name] for name in sorted(latest)]


def _granted(text: str) -> set[str]:
    """The services of which a policy allows something."""
    found: set[str] = set()
    for statement in parse(text).statements:
        if statement.effect != "Allow":
            continue
        patterns = [node.text.partition(":")[0] for node in statement.strings("Action")]
        for pattern in patterns or ["*"]:
            found.update(fnmatch.filter(service_data().prefixes, pattern.lower()))
    return found


def _job_shown(job: AdvisorJob) -> dict:
    return {
        "JobStatus": "IN_PROGRESS" if job.completed is None else "COMPLETED",
        "JobType": job.granularity,
        "JobCreationDate": job.created,
        "JobCompletionDate": job.completed,
    }


def _info(entity: Identity) -> dict:
    match entity:
        case User():
            kind, name, number = "USER", entity.user_name, entity.user_id
        case Role():
            kind, name, number = "ROLE", entity.role_name, entity.role_id
        case Group():
            kind, name, number = "GROUP", entity.group_name, entity.group_id
        case _:
            raise TypeError(f"{entity.arn} is no user, role or group")
    return {"Arn": entity.arn, "Name": name, "Type": kind, "Id": number, "Path": entity.path}
