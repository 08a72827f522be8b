"""Message move tasks: dead letters go back to where they came from, or to another queue, at a rate."""

import json
from base64 import b64decode, b64encode

from glasshouse.core import ids
from glasshouse.services.sqs.errors import InvalidParameterValue, ResourceNotFoundException
from glasshouse.services.sqs.messages import Message
from glasshouse.services.sqs.records import MoveTask, Queue

FASTEST = 500  # messages a second, and as many in one step when no rate is given
REMEMBERED_TASKS = 10
ARN_FORM = "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"


class MoveTasks:
    """StartMessageMoveTask, CancelMessageMoveTask, ListMessageMoveTasks."""

    def start_message_move_task(
        self, source_arn: str, destination_arn: str | None = None, max_number_of_messages_per_second: int | None = None
    ):
        source = self._existing(source_arn, "SourceArn")
        rate = max_number_of_messages_per_second
        if rate is not None and not 1 <= rate <= FASTEST:
            raise InvalidParameterValue(
                "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's"
                f" between 1 and {FASTEST}."
            )
        self._check_route(source, destination_arn)
        if any(task.status == "RUNNING" for task in self._tasks(source)):
            raise InvalidParameterValue(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given"
                " time."
            )
        visible, _, _ = self._messages(source).count()
        task = MoveTask(
            source.name, self._start_of_task(source), ids.uuid(), source_arn, "RUNNING", visible,
            destination_arn=destination_arn, max_number_of_messages_per_second=rate,
        )  # fmt: skip
        self.move_tasks.put(task)
        for old in self._tasks(source)[REMEMBERED_TASKS:]:
            self.move_tasks.delete(old)
        self.later("_move_some", source_name=source.name, started=task.started_timestamp)
        return {"TaskHandle": _handle(task)}

    def cancel_message_move_task(self, task_handle: str):
        try:
            named = json.loads(b64decode(task_handle, validate=True))
            task_id, source_arn = named["taskId"], named["sourceArn"]
        except (ValueError, TypeError, KeyError):
            raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None
        source = self._existing(source_arn, "SourceArn")
        task = next((task for task in self._tasks(source) if task.task_id == task_id), None)
        if task is None:
            raise ResourceNotFoundException("Task does not exist.")
        if task.status != "RUNNING":
            raise InvalidParameterValue("Only active tasks can be cancelled.")
        task.status = "CANCELLED"
        self.move_tasks.put(task)
        return {"ApproximateNumberOfMessagesMoved": task.approximate_number_of_messages_moved}

    def list_message_move_tasks(self, source_arn: str, max_results: int = 1):
        source = self._existing(source_arn, "SourceArn")
        if not 1 <= max_results <= REMEMBERED_TASKS:
            raise InvalidParameterValue(
                "Value for parameter MaxResults is invalid. Reason: You must enter a number that's between 1 and"
                f" {REMEMBERED_TASKS}."
            )
        return {"Results": [_shown(task) for task in self._tasks(source)[:max_results]]}

    def _move_some(self, source_name: str, started: int):
        """One step of a task: what its rate allows in a second."""
        task, source = self.move_tasks.get(source_name, started), self.queues.get(source_name)
        if task is None or task.status != "RUNNING":
            return
        if source is None:
            task.status, task.failure_reason = "FAILED", "AWS.SimpleQueueService.NonExistentQueue"
        else:
            self._step(task, source)
        self.move_tasks.put(task)
        if task.status == "RUNNING":
            rate = task.max_number_of_messages_per_second
            self.later("_move_some", after=1.0 if rate else 0.0, source_name=source_name, started=started)

    def _step(self, task: MoveTask, source: Queue):
        left = task.approximate_number_of_messages_to_move - task.approximate_number_of_messages_moved
        limit = min(left, task.max_number_of_messages_per_second or FASTEST)
        due = self._groups(source).due if source.fifo_queue else self._messages(source).due
        found = due(limit) if limit else []
        for message in found:
            arn = task.destination_arn or message.source
            target = arn and self._by_arn(arn)
            if not target:
                reason = "AWS.SimpleQueueService.NonExistentQueue" if arn else "CouldNotDetermineMessageSource"
                task.status, task.failure_reason = "FAILED", reason
                return
            self._renew(message, source, target)
            task.approximate_number_of_messages_moved += 1
        if len(found) == left or len(found) < limit:
            task.status = "COMPLETED"

    def _renew(self, message: Message, source: Queue, target: Queue):
        """ "The redriven messages are considered new messages with a new messageID and enqueueTime" (developer guide,
        "Configure a dead-letter queue redrive")."""
        self._move(message, source, target, source=None)
        self.store.write(
            "UPDATE sqs_message SET message_id = ?, sent = ?, received = 0, first_received = NULL WHERE id = ?",
            (ids.uuid(), self.now, message.id),
        )

    def _check_route(self, source: Queue, destination_arn: str | None):
        if not any(queue.dead_letter_target_arn == source.arn for queue in self.queues.list()):
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        if destination_arn is None:
            return
        destination = self._existing(destination_arn, "DestinationArn")
        if destination.arn == source.arn:
            raise InvalidParameterValue("Source queue arn and destination queue arn cannot be the same.")
        if destination.fifo_queue != source.fifo_queue:
            raise InvalidParameterValue("The source queue and destination queue must be of the same queue type.")

    def _existing(self, arn: str, parameter: str) -> Queue:
        if len(arn.split(":")) != 6:
            raise InvalidParameterValue(f"You must use this format to specify the {parameter}: {ARN_FORM}")
        queue = self._by_arn(arn) if arn.startswith(self.call.arn("")) else None
        if queue is None:
            raise ResourceNotFoundException(
                f"The resource that you specified for the {parameter} parameter doesn't exist."
            )
        return queue

    def _tasks(self, source: Queue) -> list[MoveTask]:
        """The latest first."""
        return list(self.move_tasks.list(source.name))[::-1]

    def _start_of_task(self, source: Queue) -> int:
        """Now, in milliseconds, but never that of an earlier task."""
        earlier = self._tasks(source)
        now = int(self.now * 1000)
        return max(now, earlier[0].started_timestamp + 1) if earlier else now


def _handle(task: MoveTask) -> str:
    named = {"taskId": task.task_id, "sourceArn": task.source_arn}
    return b64encode(json.dumps(named, separators=(",", ":")).encode()).decode()


def _shown(task: MoveTask) -> dict:
    return {
        "TaskHandle": _handle(task) if task.status == "RUNNING" else None,
        "Status": task.status,
        "SourceArn": task.source_arn,
        "DestinationArn": task.destination_arn,
        "MaxNumberOfMessagesPerSecond": task.max_number_of_messages_per_second,
        "ApproximateNumberOfMessagesMoved": task.approximate_number_of_messages_moved,
        "ApproximateNumberOfMessagesToMove": task.approximate_number_of_messages_to_move,
        "FailureReason": task.failure_reason,
        "StartedTimestamp": task.started_timestamp,
    }
