"""Concurrency: what is reserved for a function, what stands ready for a version or alias, and the throttling of both.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

import asyncio
from collections.abc import Callable

from glasshouse.core import on
from glasshouse.services.lambda_.environments import Environments, InitFailed
from glasshouse.services.lambda_.errors import (
    InvalidParameterValueException,
    ProvisionedConcurrencyConfigNotFoundException,
    ResourceConflictException,
    ResourceNotFoundException,
    TooManyRequestsException,
)
from glasshouse.services.lambda_.finding import VERSION, Reference, Target
from glasshouse.services.lambda_.programs import Dressing, NoEntrypoint
from glasshouse.services.lambda_.records import LATEST, Configuration, ProvisionedConcurrency
from glasshouse.services.lambda_.runs import Runs
from glasshouse.services.lambda_.settings import CONCURRENT_EXECUTIONS

LEAST_UNRESERVED = 100
NO_LATEST = "The function resource provided must be an alias or a published version."
PAGE = 50


class Concurrency:
    """The operations on concurrency."""

    def put_function_concurrency(self, function_name: str, reserved_concurrent_executions: int):
        reference = self._unqualified(function_name)
        function = self._functions_at(reference).get(reference.name)
        if function is None:
            raise ResourceNotFoundException(f"Function not found: {reference.arn}:{LATEST}")
        wanted = reserved_concurrent_executions
        if CONCURRENT_EXECUTIONS - self._taken(but=function.name) - wanted < LEAST_UNRESERVED:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's"
                f" UnreservedConcurrentExecution below its minimum value of [{LEAST_UNRESERVED}].",
                Type=None,
            )
        ready = self._ready(self.provisioned, function.name)
        if wanted < ready:
            raise InvalidParameterValueException(
                f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned"
                f" concurrency [{ready}].",
                Type=None,
            )
        function.reserved_concurrency = wanted
        self._functions_at(reference).put(function)
        return {"ReservedConcurrentExecutions": wanted}

    def get_function_concurrency(self, function_name: str):
        return {"ReservedConcurrentExecutions": self._function(self._unqualified(function_name)).reserved_concurrency}

    def delete_function_concurrency(self, function_name: str):
        reference = self._unqualified(function_name)
        function = self._function(reference)
        function.reserved_concurrency = None
        self._functions_at(reference).put(function)

    def put_provisioned_concurrency_config(
        self, function_name: str, qualifier: str, provisioned_concurrent_executions: int
    ):
        target = self._provisionable(
            function_name,
            qualifier,
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
        )
        self._check_provisionable(target, provisioned_concurrent_executions)
        reference = target.reference
        config = ProvisionedConcurrency(
            reference.name, reference.qualifier or "", reference.arn, provisioned_concurrent_executions, self.now
        )
        self.provisioned.put(config)
        self._provision_later(config)
        return config

    def get_provisioned_concurrency_config(self, function_name: str, qualifier: str):
        return self._provisioned(function_name, qualifier)

    def delete_provisioned_concurrency_config(self, function_name: str, qualifier: str):
        target = self._provisionable(function_name, qualifier)
        config = self.provisioned.get(target.reference.name, target.reference.qualifier)
        if config is not None:
            self.provisioned.delete(config)
            self._end_environments(target.configuration)

    def list_provisioned_concurrency_configs(
        self, function_name: str, marker: str | None = None, max_items: int = PAGE
    ):
        function = self._function(self._unqualified(function_name))
        found, token = self.provisioned.page(min(max_items, PAGE), marker, function.name)
        return {"ProvisionedConcurrencyConfigs": found, "NextMarker": token}

    # Throttling

    def _admitted(self, target: Target) -> bool:
        """Whether an invocation draws on what is reserved. Raises TooManyRequestsException if there is no room.

        What stands ready for a version is a part of what is reserved that no other version may use.
        """
        function, runs = target.function, self.cloud.resident(Runs)
        limit = function.reserved_concurrency
        if limit is not None:
            table = self.provisioned.within(target.reference.account, target.reference.region)
            others = self._ready(table, function.name, but=target.configuration.number)
            if runs.running(function.arn) >= limit or others >= limit:
                self._throttled(target, "ReservedFunctionConcurrentInvocationLimitExceeded")
            return True
        reference = target.reference
        running = runs.running_unreserved(reference.account, reference.region)
        if running >= LEAST_UNRESERVED and running >= CONCURRENT_EXECUTIONS - self._reserved_of_all(reference):
            self._throttled(target, "ConcurrentInvocationLimitExceeded")
        return False

    def _ready(self, table, function_name: str, but: int | None = None) -> int:
        """How many environments are to stand ready for versions of a function, or for all but one of them."""
        ready = 0
        for one in table.list(function_name):
            target = self._found(one.function_arn)
            if target.configuration.number != but:
                ready += one.requested_provisioned_concurrent_executions
        return ready

    def _throttled(self, target: Target, reason: str):
        name = target.function.name
        for dimensions in ({}, {"FunctionName": name}):
            self.cloud.metrics.add(
                target.reference.account, target.reference.region, "AWS/Lambda", "Throttles", "Count", dimensions,
                self.now, 1,
            )  # fmt: skip
        raise TooManyRequestsException("Rate Exceeded.", Reason=reason, Type="User")

    def _reserved_of_all(self, reference: Reference) -> int:
        functions = self._functions_at(reference).list()
        return sum(function.reserved_concurrency or 0 for function in functions)

    def _taken(self, but: str) -> int:
        """What of the account's concurrency is set aside, for functions other than one."""
        functions = {function.name: function for function in self.functions.list() if function.name != but}
        reserved = sum(function.reserved_concurrency or 0 for function in functions.values())
        provisioned = sum(
            one.requested_provisioned_concurrent_executions
            for one in self.provisioned.list()
            if one.function_name in functions and functions[one.function_name].reserved_concurrency is None
        )
        return reserved + provisioned

    # Standing ready

    def _provisionable(self, function_name: str, qualifier: str, refusal: str = NO_LATEST) -> Target:
        """A version, or an alias. `refusal` says what AWS says of `$LATEST`."""
        reference = self._reference(function_name, qualifier)
        if reference.qualifier in (None, LATEST):
            raise InvalidParameterValueException(refusal)
        try:
            return self._target(reference)
        except ResourceNotFoundException:
            if VERSION.fullmatch(reference.qualifier):
                raise
            raise ResourceNotFoundException(f"Cannot find alias arn: {reference.arn}") from None

    def _provisioned(self, function_name: str, qualifier: str) -> ProvisionedConcurrency:
        reference = self._provisionable(function_name, qualifier).reference
        config = self.provisioned.get(reference.name, reference.qualifier)
        if config is None:
            raise ProvisionedConcurrencyConfigNotFoundException(
                "No Provisioned Concurrency Config found for this function"
            )
        return config

    def _check_provisionable(self, target: Target, wanted: int):
        function, qualifier = target.function, target.reference.qualifier
        if target.alias is not None and target.configuration.number == 0:
            raise InvalidParameterValueException(
                "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            )
        others = [one for one in self.provisioned.list(function.name) if one.qualifier != qualifier]
        if any(self._target(self._reference(function.name, one.qualifier)).configuration.number
               == target.configuration.number for one in others):  # fmt: skip
            raise ResourceConflictException(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
                if target.alias is not None
                else "Version is pointed by a Provisioned Concurrency alias"
            )
        total = wanted + sum(one.requested_provisioned_concurrent_executions for one in others)
        if function.reserved_concurrency is not None:
            if total > function.reserved_concurrency:
                raise InvalidParameterValueException(
                    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for"
                    " function"
                )
            return
        left = CONCURRENT_EXECUTIONS - self._taken(but=function.name)
        if total > left:
            raise InvalidParameterValueException(
                "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency"
                f" [{left}].",
                Type=None,
            )
        if left - total < LEAST_UNRESERVED:
            raise InvalidParameterValueException(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below"
                f" its minimum value of [{LEAST_UNRESERVED}].",
                Type=None,
            )

    def _provision_later(self, config: ProvisionedConcurrency):
        key = f"provision {config.function_name}:{config.qualifier}"
        self.later("_provision", key=key, function_name=config.function_name, qualifier=config.qualifier)

    def _provision(self, function_name: str, qualifier: str):
        """Start what is to stand ready, and note that it does."""
        config = self.provisioned.get(function_name, qualifier)
        if config is None:
            return
        configuration = self._found(function_name, qualifier).configuration
        count = config.requested_provisioned_concurrent_executions
        place = self.call.account, self.call.region
        provisions = self.cloud.resident(Provisions)
        started = provisions.of(configuration, place, self._dresser_of(configuration), count)
        if not started.done():
            self.wait(1.0, provisions.topic(configuration))
        provisions.forget(configuration)
        failure = started.exception()
        if failure is None:
            config.status, config.status_reason = "READY", None
            config.allocated_provisioned_concurrent_executions = count
            config.available_provisioned_concurrent_executions = count
        else:
            config.status, config.status_reason = "FAILED", _reason(failure)
        self.provisioned.put(config)

    def _dresser_of(self, configuration: Configuration) -> Callable[[], Dressing]:
        params = {"function_name": configuration.function_name, "number": configuration.number}
        return lambda: self.cloud.run_method(self.call, "lambda", "_dressed", params)

    @on("cloud.Started")
    def _provision_again(self):
        """What stood ready before the cloud was stopped is to stand ready again."""
        for account, region in self._places_of_functions():
            here = type(self)(self.cloud, self.call.elsewhere(account, region))
            for config in here.provisioned.list():
                here._provision_later(config)

    def _places_of_functions(self) -> list[tuple[str, str]]:
        rows = self.store.read("SELECT DISTINCT scope FROM record WHERE kind = 'lambda.provisioned'").fetchall()
        return [tuple(scope.split("/", 1)) for (scope,) in rows]

    # What ends environments

    @on("lambda.VersionDeleted")
    def _version_deleted(self, arn: str):
        self.cloud.resident(Environments).forget(arn)

    @on("lambda.FunctionCodeUpdated")
    def _code_updated(self, arn: str):
        self._end_outdated(arn)

    @on("lambda.FunctionConfigurationUpdated")
    def _configuration_updated(self, arn: str):
        self._end_outdated(arn)

    def _end_outdated(self, arn: str):
        latest = self.configurations.get(arn.split(":")[6], 0)
        self.cloud.resident(Environments).forget(f"{arn}:{LATEST}", latest.build if latest else None)

    def _end_environments(self, configuration: Configuration):
        arn = configuration.qualified_arn
        self.store.after_commit(lambda: self.cloud.resident(Environments).forget(arn))


class Provisions:
    """Environments being started so that they stand ready."""

    def __init__(self, cloud):
        self._cloud = cloud
        self._started: dict[tuple[str, str], asyncio.Task] = {}

    def of(self, configuration: Configuration, place: tuple[str, str], dress: Callable, count: int) -> asyncio.Task:
        """The start of so many environments; begun when it is asked for the first time."""
        key = configuration.qualified_arn, configuration.build
        if key not in self._started:
            starting = self._cloud.resident(Environments).provide(configuration, dress, count)
            task = self._started[key] = asyncio.get_running_loop().create_task(starting)
            self._cloud.runner.track(task)
            task.add_done_callback(lambda done: self._cloud.parking.tell([self.topic(configuration)]))
        return self._started[key]

    def forget(self, configuration: Configuration):
        self._started.pop((configuration.qualified_arn, configuration.build), None)

    def topic(self, configuration: Configuration) -> str:
        return f"lambda provision {configuration.qualified_arn} {configuration.build}"

    def close(self):
        for task in self._started.values():
            task.cancel()


def _reason(failure: BaseException) -> str:
    if isinstance(failure, InitFailed | NoEntrypoint):
        return "FUNCTION_ERROR_INIT_FAILURE"
    return str(failure)
