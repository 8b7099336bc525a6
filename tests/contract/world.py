"""A repository with rows of everything."""

from __future__ import annotations

from datetime import timedelta

from apps.console.models import Baseline, MetricSample
from apps.core.clock import now
from apps.docs.models import (
    DocumentationArtifact,
    DocumentationObservation,
    DocumentationRelease,
    DocumentationSource,
)
from apps.evolution.models import ArchitectureEvolutionPlan, ArchitectureSnapshot, SnapshotSource
from apps.generation.models import (
    Answer,
    Canary,
    CanarySetting,
    Candidate,
    CodeGenerationConsensus,
    CodeGenerationRequest,
    Contribution,
    DirectArtifact,
    DraftAttachment,
    DraftVersion,
    ExpertiseChange,
    GeneratedCodeArtifact,
    GenerationRun,
    Guidance,
    Judgement,
    ObservedInput,
    PatternUse,
    PullRequest,
    ReviewComment,
    ReviewCount,
    ReviewedContent,
    ReviewThread,
    SpecificationDraft,
    SpecificationReading,
    StageRecord,
    ViewedFile,
    Watch,
)
from apps.governance.engine.attestation import SigningKey
from apps.governance.engine.gates import EXPANSION, definition_content
from apps.governance.models import (
    AccountLink,
    ApprovalPolicyVersion,
    AttestationKey,
    AuditOrigin,
    Ballot,
    CodeOwner,
    Erasure,
    EvidencePack,
    Gate,
    GateDecision,
    GateDefinitionVersion,
    GateEvidence,
    GateFreeze,
    GateReading,
    GateSeat,
    GateWaiver,
    IdempotencyKey,
    Incident,
    LegalHold,
    Override,
    PolicyVersion,
    RetentionSetting,
    RoleAssignment,
    Scope,
    Suspension,
    TripwireReading,
    User,
)
from apps.governance.services import audit_record, token_issue
from apps.governance.services.attestation import SubjectOf, attestation_sign
from apps.governance.services.profile import absence_declare
from apps.governance.types import Role
from apps.jobs.models import (
    FeedPosition,
    Job,
    JobEvent,
    Kind,
    Notification,
    NotificationChoice,
    NotificationMute,
    QueueBeat,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from apps.knowledge.models import MinedPattern, RepositoryPolicy
from apps.providers.models import Budget, ModelCall, Provider
from apps.quality.models import (
    AiCodeReview,
    CoverageReport,
    DebtAssessment,
    Defect,
    DefectReport,
    GeneratedTestSuite,
    MeasuredCode,
    MutationRun,
    ProposalBranch,
    QualityImprovement,
    Quarantine,
    SuiteOutcome,
    SuiteRun,
    SuiteTally,
    SuiteTest,
)
from apps.repositories.models import (
    CodeIndex,
    CodeSymbol,
    IndexedFile,
    Lineage,
    LineBirth,
    LineEnd,
    LineSpans,
    Repository,
    Revision,
)
from apps.sandbox.models import SandboxDay
from tests.decided import rung_decided

KINDS = Kind.values
TWO_DAYS = timedelta(days=2)


class World:
    """A repository with one row of everything each time ``grow`` is called."""

    def __init__(self, scope, owner):
        self.scope, self.owner = scope, owner
        self.repository = Repository.objects.create(scope=scope, name=scope.repository, path=f"/srv/{scope.repository}")
        self.provider, _ = Provider.objects.get_or_create(name="a", kind="builtin", model_id="patterns")
        self.count = 0

    def grow(self, status="rejected"):
        self.count += 1
        revision = Revision.objects.create(
            repository=self.repository, sha=f"{self.count:040}", committed_at="2026-11-01T00:00Z"
        )
        self._index(revision)
        self._follow(revision)
        request = CodeGenerationRequest.objects.create(
            specification="s", context_snapshot={}, target_language="python", status=status
        )
        run = GenerationRun.objects.create(
            request=request,
            repository=self.repository,
            requester=self.owner,
            title="T",
            target_path="a.py",
            base_sha="0" * 40,
            risk_tier="low",
            seed=1,
        )
        artifact = GeneratedCodeArtifact.objects.create(
            request=request, model_id="qwen", code_type="implementation", generated_code="x = 1"
        )
        CodeGenerationConsensus.objects.create(
            request=request, selected_implementation=artifact, voting_details={"qwen": 1}
        )
        candidate = Candidate.objects.create(
            request=request,
            provider=self.provider,
            model_id="qwen",
            sample_index=0,
            ordinal=0,
            state="executed",
            implementation=artifact,
        )
        Judgement.objects.create(run=run, candidate=candidate, model_id="qwen", family="text", right=1.0, cause="alike")
        shares = dict.fromkeys(("before_mean", "before_low", "before_high", "mean", "low", "high"), 0.5)
        ExpertiseChange.objects.create(
            run=run, verdict="approved", model_id="qwen", family="text", answers=1.0, **shares
        )
        PatternUse.objects.create(request=request, candidate=candidate, pattern="clamp", how="provider")
        row = ObservedInput.objects.create(run=run, position=0, origin="fuzz", call={"args": {"$tuple": [1]}})
        Answer.objects.create(run=run, input=row, kind="any", answered_by=self.owner)
        Guidance.objects.create(run=run, version=1, text="Sort them.", digest="d", given_by=self.owner)
        Watch.objects.create(run=run, user=self.owner)
        ReviewedContent.objects.create(run=run, digest="d", candidate=candidate, patch="p")
        PullRequest.objects.create(request=request, candidate=candidate, branch="b", base_sha="0", head_sha="1")
        ReviewCount.objects.create(
            repository=self.repository, month="2026-11-01", measure="depth", value=self.count % 10, reviews=10
        )
        ViewedFile.objects.create(
            request=request, candidate=candidate.pk, reviewer=self.owner, path="a.py", content_digest="d" * 64
        )
        thread = ReviewThread.objects.create(
            request=request, candidate=candidate.pk, path="a.py", side="new", line=1, author=self.owner
        )
        ReviewComment.objects.create(thread=thread, author=self.owner, text="Why?")
        Canary.objects.create(request=request, patch="p", examples_passed=1, examples_total=1, change="c", mistake="m")
        draft = SpecificationDraft.objects.create(author=self.owner, repository=self.repository)
        DraftAttachment.objects.create(draft=draft, number=1, name="a.csv", text="a", size=1, digest="d" * 64)
        DraftVersion.objects.create(
            draft=draft, number=1, written_by=self.owner, text="t", reason="cut", written_at=draft.updated_at
        )
        SpecificationReading.objects.create(author=self.owner, draft=draft, text="t")
        DirectArtifact.objects.create(
            artifact=GeneratedCodeArtifact.objects.create(model_id="nofx", code_type="test", generated_code="t"),
            kind="tests",
            title="T",
            submitted_by=self.owner,
            source="s",
        )
        StageRecord.objects.create(run=run, stage="queued", started_at="2026-11-01T00:00Z")
        job = Job.objects.create(
            kind="generation.run", subject_kind="request", subject_id=request.pk, requested_by=self.owner
        )
        JobEvent.objects.create(job=job, sequence=1, stage="queued", data={"model": "qwen"})
        ModelCall.objects.create(
            provider=self.provider,
            subject_kind="request",
            subject_id=request.pk,
            sample_index=0,
            model_id="qwen",
            prompt_digest="a",
            latency_ms=1,
            outcome="answered",
        )
        # One budget for each scope and period, so each row needs a place of its own.
        place = self.scope if self.count == 1 else self._another_scope()
        self._limit(place)
        repository = (
            self.repository
            if self.count == 1
            else Repository.objects.create(scope=place, name=place.repository, path=f"/srv/{place.repository}")
        )
        CanarySetting.objects.create(repository=repository, percent=0, set_by=self.owner)
        Ballot.objects.create(
            subject_kind="request",
            subject_id=request.pk,
            subject_digest="d",
            scope=self.scope,
            voter=self.owner,
            verdict="approve",
        )
        lead = User.objects.create_user(username=f"lead-{self.count}")
        RoleAssignment.objects.create(user=lead, scope=self.scope, role="quality_lead")
        Override.objects.create(
            subject_kind="request",
            subject_id=request.pk,
            subject_digest="d",
            scope=self.scope,
            check_name="lint",
            reason="r",
            ends_at=now() + timedelta(days=30),
            asked_by=lead,
        )
        ApprovalPolicyVersion.objects.create(
            scope=self.scope,
            risk_tier="low",
            number=self.count,
            content={"needed": 1, "seats": [{}]},
            content_digest="d",
            needed=1,
            reason="r",
            proposed_by=self._holder("chair", self.scope),
        )
        self._open_and_suspend()
        self._vote()
        self._sign(request)
        self._notify(request)
        event = audit_record(
            action="x", object_kind="request", object_id=request.pk, actor=self.owner, scope=self.scope
        )
        AuditOrigin.objects.create(event=event, salt="s", ip="192.0.2.1")
        self._keep()
        self._measure(revision)
        self._tell()
        self._govern(run)
        self._know()
        token_issue(user=self.owner, name="t", scopes=[], lifetime=TWO_DAYS, issued_by=self.owner)
        absence_declare(user=self.owner, starts_on=now().date(), ends_on=now().date())
        return request

    def _limit(self, place):
        limits = {"tokens": 1_000, "cost": None, "allows_unknown_cost": False}
        version = self._signed_version("budgets", place, 1, {"request": None, "month": limits})
        Budget.objects.create(scope=place, period="month", token_limit=1_000, set_by=version.published_by)

    def _holder(self, role, place, name=""):
        """Return somebody new who holds *role* in *place*; who has a role on the whole platform administers it."""
        username = name or f"{role}-{User.objects.count()}"
        holder = User.objects.create_user(username=username, is_superuser=place is None)
        if place is not None:
            RoleAssignment.objects.create(user=holder, scope=place, role=role)
        return holder

    def _signed_version(self, kind, place, number, content):
        version = PolicyVersion.objects.create(
            kind=kind,
            scope=place,
            number=number,
            content=content,
            content_digest="d",
            reason="r",
            proposed_by=self._holder("chair", place),
        )
        version.simulated_at = version.published_at = now()
        version.simulation, version.published_by = {}, self._holder("chair", place)
        version.save()
        return version

    def _open_and_suspend(self):
        rung = rung_decided(scopes=[self.scope])
        TripwireReading.objects.create(
            rung=rung, position=0, state="clear", value=0.0, n=1, read_at="2026-11-01T00:00Z"
        )
        place, _ = Scope.objects.get_or_create(organisation=self.scope.organisation, repository="")
        Suspension.objects.create(
            kind="model", scope=place, model=f"m{self.count}", suspended_by=self.owner, reason="r", content_digest="d"
        )
        Incident.objects.create(scope=self.scope, title="T", severity="low", opened_by=self.owner)

    def _vote(self):
        place, _ = Scope.objects.get_or_create(organisation=self.scope.organisation, repository="")
        content = definition_content(EXPANSION)
        GateDefinitionVersion.objects.create(
            scope=self.scope,
            name="expansion",
            number=self.count,
            content=content,
            content_digest="d",
            reason="r",
            proposed_by=self._holder("quality_lead", self.scope),
        )
        gate = Gate.objects.create(
            scope=place,
            title="Wave 2",
            definition_content=content,
            definition_digest="d",
            granted=[self.scope.pk],
            sample=[self.scope.pk],
            risk_max="low",
            expires_at="2999-01-01T00:00Z",
            requested_by=self.owner,
        )
        for seat, name in (("chair", f"member-{self.count}"), ("security", f"security-{self.count}")):
            sitter = self._holder("committee", place, name)
            GateSeat.objects.create(gate=gate, seat=seat, user=sitter, assigned_by=self.owner)
        reading = GateReading.objects.create(
            gate=gate,
            batch=1,
            position=0,
            key="lint",
            criterion="lint",
            measure="generation.lint_pass",
            window_start="2026-11-01T00:00Z",
            window_end="2026-11-30T00:00Z",
            state="met",
            sentence="s",
        )
        lead = self._holder("quality_lead", place)
        GateWaiver.objects.create(gate=gate, key="lint", reason="r", ends_at="2999-01-01T00:00Z", asked_by=lead)
        freeze = GateFreeze.objects.create(
            gate=gate, number=1, digest="d" * 64, content={}, statement="s", frozen_by=self.owner
        )
        GateEvidence.objects.create(freeze=freeze, reading=reading, is_required=True, state="met", sentence="s")
        Gate.objects.filter(pk=gate.pk).update(
            state="voting",
            freeze_number=1,
            digest=freeze.digest,
            opened_by=self.owner,
            opened_at="2026-11-30T00:00Z",
            closes_at="2999-01-01T00:00Z",
        )
        GateDecision.objects.create(
            gate=gate, freeze=freeze, outcome="lapsed", content={}, content_digest="d", decided_by=self.owner
        )

    def _sign(self, request):
        key = SigningKey.generate()
        AttestationKey.objects.filter(is_current=True).update(is_current=False, valid_until=now())
        AttestationKey.objects.create(fingerprint=key.public.key_id, public_key=key.public.raw.hex(), valid_from=now())
        attestation_sign(
            subject=SubjectOf("request", request.pk, self.scope),
            digests={"shop": {"gitCommit": "0" * 40}},
            predicate_type="urn:x-nofx:test:v1",
            evidence={},
            more={},
            key=key,
        )
        EvidencePack.objects.create(
            subject_kind="request", subject_id=request.pk, scope=self.scope, requested_by=self.owner
        )

    def _keep(self):
        RetentionSetting.objects.create(data_class="sessions", days=30, reason="r", asked_by=self.owner)
        LegalHold.objects.create(scope=self.scope, reason="r", placed_by=self.owner)
        gone = User.objects.create_user(username=f"gone-{self.count}")
        Erasure.objects.create(person=gone, reason="r", asked_by=self.owner)
        AccountLink.objects.create(account=gone, other=self.owner, reason="r", asked_by=self.owner)

    def _another_scope(self):
        organisation = self.scope.organisation
        return Scope.objects.create(organisation=organisation, repository=f"{self.scope.repository}-{self.count}")

    def _tell(self):
        MetricSample.objects.create(
            key="console.velocity", scope=self.scope, day=f"2026-10-{self.count % 28 + 1:02}", version=1, value=1.0
        )
        Baseline.objects.create(
            key="console.velocity",
            scope=self.scope,
            version=self.count,
            value=1.0,
            period_start="2025-01-01",
            period_end="2025-12-31",
            source="s",
            file_digest="d",
            imported_by=self.owner,
        )

    def _follow(self, revision):
        counts = {"ai_lines": 1, "human_lines": 1, "mixed_lines": 0}
        Lineage.objects.create(revision=revision, reader=1, position=self.count, **counts)
        birth = LineBirth.objects.create(
            repository=self.repository,
            number=self.count,
            position=self.count,
            sha=revision.sha,
            born_at="2026-11-01T00:00Z",
            origin="human",
            lines=2,
        )
        LineEnd.objects.create(
            birth=birth, path="a.py", position=self.count, ended_at="2026-11-02T00:00Z", is_change=True, lines=1
        )
        LineSpans.objects.create(repository=self.repository, digest=f"{self.count:064}", spans=[[1, 0]])

    def _index(self, revision):
        file = IndexedFile.objects.create(
            repository=self.repository, path="a.py", blob=f"{self.count:040}", reader=1, exports={"json": "json"}
        )
        CodeSymbol.objects.create(
            file=file,
            repository=self.repository,
            kind="function",
            qualname="f",
            dotted="a.f",
            signature="def f()",
            line=1,
            end_line=2,
            digest="d",
            calls=["json.dumps"],
            search="'f':1A",
            embedding=[1.0] * 384,
            embedding_model="m",
        )
        counts = dict.fromkeys(("file_count", "symbol_count", "reused", "unreadable"), 1)
        CodeIndex.objects.create(revision=revision, reader=1, **counts).files.add(file)

    def _notify(self, request):
        subject = {"subject_kind": "request", "subject_id": str(request.pk)}
        Notification.objects.create(recipient=self.owner, kind="your_turn", scope=self.scope, title="T", **subject)
        NotificationMute.objects.create(user=self.owner, title="T", **subject)
        if self.count <= len(KINDS):
            NotificationChoice.objects.create(user=self.owner, kind=KINDS[self.count - 1], mail="never")
        FeedPosition.objects.create(name=f"feed-{self.count}-{self.scope.pk}")
        QueueBeat.objects.create(name=f"machine-{self.count}-{self.scope.pk}:1", workers=2)
        endpoint = WebhookEndpoint.objects.create(
            scope=self.scope, name=f"hook-{self.count}", url="https://example.org", events=["request.merged"]
        )
        WebhookSecret.objects.create(endpoint=endpoint, slot="current", sealed="s", hint="h")
        delivery = WebhookDelivery.objects.create(endpoint=endpoint, event="request.merged", body="{}")
        WebhookAttempt.objects.create(
            delivery=delivery, number=1, started_at="2026-11-01T12:00Z", duration_ms=1, status=200
        )

    def _know(self):
        version = self._signed_version("code_rules", self.scope, self.count, {})
        RepositoryPolicy.objects.create(
            repository=self.repository,
            version=self.count,
            content={},
            content_digest="d",
            reason="r",
            written_by=version.proposed_by,
        )
        MinedPattern.objects.create(
            repository=self.repository,
            structure_digest=f"{self.count}",
            sha="0" * 40,
            template="return P1",
            support=3,
            modules=2,
            nodes=12,
        )

    def _measure(self, revision):
        code = MeasuredCode.objects.create(revision=revision, path="a.py", digest="d")
        AiCodeReview.objects.create(
            code_artifact_id=code.pk, review_type="security", findings=[{"rule": "S1"}], review_model="bandit"
        )
        GeneratedTestSuite.objects.create(target_code_id=code.pk, test_type="unit", test_code="t")
        fix = QualityImprovement.objects.create(original_code_id=code.pk, improvement_type="fix")
        ProposalBranch.objects.create(
            improvement=fix, base=revision, branch="nofx/fixes", head_sha="1", applied_by=self.owner
        )
        MutationRun.objects.create(
            code=code, seed=1, tests=2, killed=3, survived=1, timed_out=0, invalid=0, untried=0, seconds=1.5
        )
        DefectReport.objects.create(repository=self.repository, defects=1, digest="d", sent_by=self.owner)
        Defect.objects.create(
            repository=self.repository,
            key=f"SHOP-{self.count}",
            title="t",
            found_at="2026-11-01T00:00Z",
            reported_by=self.owner,
        )
        CoverageReport.objects.create(revision=revision, line_percent="90.5", tests_run=3)
        DebtAssessment.objects.create(revision=revision, remediation_minutes=5)
        self._test(revision)
        snapshot = ArchitectureSnapshot.objects.create(snapshot_date="2026-11-01", architecture_graph={})
        SnapshotSource.objects.create(snapshot=snapshot, revision=revision)
        ArchitectureEvolutionPlan.objects.create(
            current_snapshot=snapshot, target_architecture={}, migration_steps=[{"goal": "g"}], status="proposed"
        )
        page = DocumentationArtifact.objects.create(
            artifact_type="api", target_code_version="1", generated_content="#", format="markdown"
        )
        DocumentationSource.objects.create(artifact=page, revision=revision)
        DocumentationObservation.objects.create(
            repository=self.repository,
            revision=revision,
            artifact=page,
            state="in_sync",
            changes=0,
            begun_at="2026-11-01T00:00Z",
        )
        DocumentationRelease.objects.create(
            repository=self.repository, name=f"v1.{self.count}", tagged_at="2026-11-01T00:00Z"
        )

    def _test(self, revision):
        run = SuiteRun.objects.create(revision=revision, environment="ci", source="junit", digest="d", passed=1)
        test = SuiteTest.objects.create(repository=self.repository, name=f"tests::{self.count}")
        SuiteOutcome.objects.create(run=run, test=test, outcome="passed", seconds=0.1)
        SuiteTally.objects.create(
            repository=self.repository,
            test=test,
            revision=revision,
            environment="ci",
            passed=1,
            last_at="2026-11-01T00:00Z",
        )
        Quarantine.objects.create(
            test=test, owner=self.owner, reason="r", ends_at="2999-01-01T00:00Z", set_by=self.owner
        )

    def _govern(self, run):
        colleague = User.objects.create(username=f"colleague-{self.count}", email="private@example.org")
        RoleAssignment.objects.create(user=colleague, scope=self.scope, role=Role.ENGINEER.value)
        CodeOwner.objects.create(scope=self.scope, user=self.owner, pattern=f"src/{self.count}/*")
        Contribution.objects.create(run=run, user=self.owner, kind="requester")
        IdempotencyKey.objects.create(
            user=self.owner,
            path="/api/ai/generate/code",
            key=f"key-{self.count}",
            body_digest="d",
            status=202,
            response={"body": "kept answer"},
        )
        SandboxDay.objects.create(
            machine=f"machine-{self.count}", day="2026-11-01", tier="full", reported_at="2026-11-01T12:00Z"
        )
