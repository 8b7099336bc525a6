-- The nine tables as the mission declares them.
CREATE TABLE code_generation_requests (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  specification TEXT NOT NULL,
  specification_embedding VECTOR(1536),
  context_snapshot JSONB NOT NULL,
  target_language TEXT NOT NULL,
  constraints JSONB,
  status TEXT NOT NULL,
  created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE generated_code_artifacts (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  request_id UUID REFERENCES code_generation_requests(id),
  model_id TEXT NOT NULL,
  code_type TEXT NOT NULL, -- implementation, test, documentation
  generated_code TEXT NOT NULL,
  quality_score DECIMAL(3,2),
  performance_metrics JSONB,
  security_score DECIMAL(3,2),
  created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE code_generation_consensus (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  request_id UUID REFERENCES code_generation_requests(id),
  selected_implementation UUID REFERENCES generated_code_artifacts(id),
  consensus_score DECIMAL(3,2),
  voting_details JSONB,
  human_approved BOOLEAN DEFAULT NULL,
  deployed_at TIMESTAMPTZ
);

CREATE TABLE ai_code_reviews (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  code_artifact_id UUID,
  review_type TEXT NOT NULL,
  findings JSONB[] NOT NULL,
  severity_distribution JSONB,
  quality_score DECIMAL(3,2),
  automated_fixes JSONB[],
  review_model TEXT NOT NULL,
  created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE generated_test_suites (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  target_code_id UUID,
  test_type TEXT NOT NULL,
  coverage_achieved DECIMAL(5,2),
  edge_cases_found INTEGER,
  test_code TEXT NOT NULL,
  execution_results JSONB,
  quality_metrics JSONB,
  created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE quality_improvements (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  original_code_id UUID,
  improvement_type TEXT NOT NULL,
  original_metrics JSONB,
  improved_metrics JSONB,
  improvement_percentage DECIMAL(5,2),
  applied_at TIMESTAMPTZ
);

CREATE TABLE architecture_snapshots (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  snapshot_date DATE NOT NULL,
  architecture_graph JSONB NOT NULL,
  complexity_metrics JSONB,
  pattern_analysis JSONB,
  improvement_opportunities JSONB[],
  created_at TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE documentation_artifacts (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  artifact_type TEXT NOT NULL, -- api, architecture, user_guide, tutorial
  target_code_version TEXT NOT NULL,
  generated_content TEXT NOT NULL,
  format TEXT NOT NULL, -- markdown, html, pdf
  quality_score DECIMAL(3,2),
  last_updated TIMESTAMPTZ DEFAULT NOW()
);

CREATE TABLE architecture_evolution_plans (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  current_snapshot_id UUID REFERENCES architecture_snapshots(id),
  target_architecture JSONB NOT NULL,
  migration_steps JSONB[] NOT NULL,
  estimated_effort_hours INTEGER,
  risk_score DECIMAL(3,2),
  benefits JSONB,
  status TEXT NOT NULL,
  created_at TIMESTAMPTZ DEFAULT NOW()
);
