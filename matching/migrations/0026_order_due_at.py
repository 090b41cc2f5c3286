"""Orders keep the hotel's deadline, which the card and the handover show."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("matching", "0024_audit_of_requests")]
    operations = [migrations.AddField(model_name="order", name="due_at", field=models.DateTimeField(null=True))]
