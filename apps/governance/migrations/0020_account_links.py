"""
Which accounts are one person's is settled by a single sign-on or by two people, and never changed otherwise.

It decides who votes how often and who is barred, so whoever connects as the application role must not change it to suit
a vote. An account without a key takes one that no other account has; an erasure that two people signed puts a pseudonym
in the place of a key; everything else is the second signature under a link, which the database puts into effect itself.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

LAWS = """
CREATE FUNCTION governance_keep_person() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  -- One at a time, so that two accounts do not take one key while neither sees the other.
  PERFORM pg_advisory_xact_lock(hashtextextended('governance_user.person_key', 0));
  -- From within a trigger it is a link that was signed; nobody but the owner makes triggers.
  IF pg_trigger_depth() > 1 OR (OLD.person_key = '' AND NOT EXISTS (
    SELECT FROM governance_user other WHERE other.person_key = NEW.person_key AND other.id <> NEW.id
  )) THEN
    RETURN NEW;
  END IF;
  IF NOT NEW.is_active AND NEW.person_key ~ '^erased-[0-9]+$' AND EXISTS (
    SELECT FROM governance_erasure erasure JOIN governance_user erased ON erased.id = erasure.person_id
    WHERE erasure.confirmed_at IS NOT NULL AND erasure.withdrawn_at IS NULL
      AND (erased.id = NEW.id OR erased.person_key IN (nullif(OLD.person_key, ''), NEW.person_key))
  ) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'Which person an account is of is changed by two people, under a link, and by nothing else.'
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER governance_user_person_kept BEFORE UPDATE ON governance_user
  FOR EACH ROW WHEN (NEW.person_key IS DISTINCT FROM OLD.person_key) EXECUTE FUNCTION governance_keep_person();

CREATE FUNCTION governance_begin_link() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'A link is asked for before it is signed.' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER governance_accountlink_begins BEFORE INSERT ON governance_accountlink
  FOR EACH ROW WHEN (NEW.confirmed_by_id IS NOT NULL OR NEW.withdrawn_by_id IS NOT NULL)
  EXECUTE FUNCTION governance_begin_link();
CREATE TRIGGER governance_accountlink_kept BEFORE UPDATE OR DELETE ON governance_accountlink
  FOR EACH ROW EXECUTE FUNCTION
  governance_keep_signatures('confirmed_by_id', 'confirmed_at', 'withdrawn_by_id', 'withdrawn_at');
CREATE TRIGGER governance_accountlink_by_two BEFORE UPDATE OF confirmed_by_id ON governance_accountlink
  FOR EACH ROW WHEN (NEW.confirmed_by_id IS NOT NULL) EXECUTE FUNCTION
  governance_two_people('asked_by_id', 'confirmed_by_id');

CREATE FUNCTION governance_link_accounts() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE keys text[]; mine text[];
BEGIN
  IF NEW.confirmed_at NOT BETWEEN now() - interval '1 hour' AND now() + interval '1 hour' THEN
    RAISE EXCEPTION 'A link is signed now.' USING ERRCODE = 'check_violation';
  END IF;
  PERFORM 1 FROM governance_user WHERE id IN (NEW.account_id, NEW.other_id) ORDER BY id FOR UPDATE;
  mine := ARRAY[governance_person(NEW.asked_by_id), governance_person(NEW.confirmed_by_id)];
  IF governance_person(NEW.account_id) = ANY (mine) OR governance_person(NEW.other_id) = ANY (mine) THEN
    RAISE EXCEPTION 'Nobody signs about their own accounts.' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.other_id IS NULL THEN
    UPDATE governance_user SET person_key = '' WHERE id = NEW.account_id;
    RETURN NULL;
  END IF;
  SELECT array_agg(DISTINCT person_key) FILTER (WHERE person_key <> '') INTO keys
  FROM governance_user WHERE id IN (NEW.account_id, NEW.other_id);
  IF cardinality(keys) > 1 THEN
    RAISE EXCEPTION 'Of each of these accounts it is settled whose it is.' USING ERRCODE = 'check_violation';
  END IF;
  UPDATE governance_user SET person_key = coalesce(keys[1], 'linked|' || NEW.id)
  WHERE id IN (NEW.account_id, NEW.other_id) AND person_key = '';
  RETURN NULL;
END $$;
CREATE TRIGGER governance_accountlink_signed AFTER UPDATE OF confirmed_by_id ON governance_accountlink
  FOR EACH ROW WHEN (OLD.confirmed_by_id IS NULL AND NEW.confirmed_by_id IS NOT NULL)
  EXECUTE FUNCTION governance_link_accounts();
"""

UNDO = """
DROP TRIGGER governance_accountlink_signed ON governance_accountlink;
DROP FUNCTION governance_link_accounts();
DROP TRIGGER governance_accountlink_by_two ON governance_accountlink;
DROP TRIGGER governance_accountlink_kept ON governance_accountlink;
DROP TRIGGER governance_accountlink_begins ON governance_accountlink;
DROP FUNCTION governance_begin_link();
DROP TRIGGER governance_user_person_kept ON governance_user;
DROP FUNCTION governance_keep_person();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0019_pilots_and_seats"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountLink",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason", models.TextField()),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=models.Func(
                            function="now", output_field=models.DateTimeField(), template="%(function)s()"
                        )
                    ),
                ),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["-asked_at", "id"], name="governance_accountlink_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="governance_accountlink_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confirmed_by", models.F("asked_by")), _negated=True),
                        name="governance_accountlink_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                            models.Q(
                                ("confirmed_at__isnull", False),
                                ("confirmed_by__isnull", False),
                                ("withdrawn_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="governance_accountlink_confirmed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                            models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="governance_accountlink_withdrawn_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account", models.F("other")), _negated=True),
                        name="governance_accountlink_two_accounts",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("confirmed_at__isnull", True), ("withdrawn_at__isnull", True)),
                        fields=("account",),
                        name="governance_accountlink_one_open",
                    ),
                ],
            },
        ),
        migrations.RunSQL(LAWS, UNDO),
    ]
