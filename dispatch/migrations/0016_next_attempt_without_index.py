"""Nothing looks for jobs by their next attempt: a round has those of its zone, a tick comes in time for them."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("dispatch", "0015_session_handed_over")]

    operations = [RemoveIndexConcurrently(model_name="dispatchjob", name="job_next_attempt")]
