from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0003_reviews"),
        ("restaurants", "0004_operate_restaurant"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="order",
            options={"permissions": [("operate_order", "Can accept, ready, reject and cancel orders")]},
        ),
    ]
