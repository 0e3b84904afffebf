import accounts.documents
import accounts.models
import django.db.models.deletion
import fleetsync.core.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="driver",
            options={
                "permissions": [
                    ("operate_driver", "Can approve, suspend and reinstate drivers"),
                    ("export_driver", "Can take drivers' personal data out"),
                ]
            },
        ),
        migrations.CreateModel(
            name="DriverDocument",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fleetsync.core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("LICENCE", "Driving licence"),
                            ("INSURANCE", "Insurance"),
                            ("REGISTRATION", "Vehicle registration"),
                            ("IDENTITY", "Proof of identity"),
                            ("OTHER", "Other"),
                        ],
                        max_length=16,
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=40)),
                ("expires_on", models.DateField(blank=True, help_text="Empty: it does not expire.", null=True)),
                (
                    "file",
                    models.FileField(
                        storage=accounts.documents.private_files,
                        upload_to=accounts.models.path_of_document,
                        validators=[accounts.documents.check_document],
                    ),
                ),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "driver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="documents", to="accounts.driver"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["expires_on"], name="document_expiry")],
            },
        ),
    ]
