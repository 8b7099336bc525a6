"""How people read of what generation writes into the audit chain."""

from __future__ import annotations

from apps.governance.audit_words import audit_words_register

audit_words_register(
    {
        "canary.share": ("set", "set", "how many candidates of {place} are wrong on purpose"),
        "generation.ask": ("ask", "asked", "models for {it:a request}"),
        "generation.deliver": ("deliver", "delivered", "{it:a request}"),
        "generation.review": ("bring", "brought", "{it:a request} before its reviewers"),
        "generation.start": ("start", "started", "{it:a request}"),
        "question.answer": ("answer", "answered", "a question about {it:a request}"),
        "question.withdraw": ("take back", "took back", "an answer about {it:a request}"),
        "request.deliver": ("deliver", "delivered", "{it:a request}"),
        "request.merge": ("merge", "merged", "{it:a request}"),
        "request.raise": ("ask", "asked", "for more answers to {it:a request}"),
        "request.reverted": ("find", "found", "that {it:a request} was taken back"),
        "request.submit": ("submit", "submitted", "{it:a request}"),
        "request.withdraw": ("withdraw", "withdrew", "{it:a request}"),
        "review.choose": ("choose", "chose", "another candidate for {it:a request}"),
        "review.comment": ("comment", "commented", "on {it:a request}"),
        "review.confirm": ("confirm", "confirmed", "that a thread about {it:a request} is settled"),
        "review.decide": ("close", "closed", "the review of {it:a request}: {decision}"),
        "review.graft": ("put together", "put together", "a candidate for {it:a request}"),
        "review.issue": ("raise", "raised", "an issue about {it:a request}"),
        "review.refreeze": ("apply", "applied", "the policy that rules now to {it:a request}"),
        "review.reopen": ("open", "opened", "a thread about {it:a request} again"),
        "review.resolve": ("resolve", "resolved", "a thread about {it:a request}"),
    }
)
