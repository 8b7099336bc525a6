// Inside: writes what node's test runner reports as lines of JSON, for whoever reads them outside.
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type === "test:pass" || type === "test:fail") {
      if (data.details?.type === "suite") continue;
      const cause = data.details?.error?.cause ?? data.details?.error;
      const message = type === "test:fail" ? String(cause?.message ?? cause ?? "").slice(0, 2000) : "";
      const outcome = data.skip !== undefined || data.todo !== undefined ? "skipped" : type.slice(5);
      yield `${JSON.stringify({ test: data.name, file: data.file ?? "", nesting: data.nesting, outcome, message })}\n`;
    } else if (type === "test:coverage") {
      const files = data.summary.files.map((file) => ({
        path: file.path, total: file.totalLineCount, branches: file.totalBranchCount, taken: file.coveredBranchCount,
        missing: (file.lines ?? []).filter(({ count }) => count === 0).map(({ line }) => line),
      }));
      yield `${JSON.stringify({ coverage: files })}\n`;
    }
  }
}
