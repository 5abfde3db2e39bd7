"""A whole task by a client that openapi-python-client generated from docs/openapi.json."""

import json
import sys
import time

from darkroom_client import AuthenticatedClient
from darkroom_client.api.account import get_credits
from darkroom_client.api.tasks import create_task, get_task, list_tasks
from darkroom_client.models import CompletedTask, CreatedTask, FailedTask, GenerationRequest

url, key, picture = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)

request = GenerationRequest(prompt="Make it snow", image_urls=[picture], size="768x768")
created = create_task.sync(client=client, body=request, idempotency_key="python client, order 1")
assert isinstance(created, CreatedTask), created

while not isinstance(task := get_task.sync(created.id, client=client), (CompletedTask, FailedTask)):
    time.sleep(0.1)
assert isinstance(task, CompletedTask), task

tasks = list_tasks.sync(client=client, limit=1)
report = {
    "status": task.status,
    "results": task.results,
    "credits": task.usage.credits_used,
    "listed": [summary.id == created.id and summary.result_count for summary in tasks.data],
    "success": get_credits.sync(client=client).success,
}
print(json.dumps(report))
