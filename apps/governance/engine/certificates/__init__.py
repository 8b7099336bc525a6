"""Certificates: what was decided, on what evidence and by whom, on one page."""

from apps.governance.engine.certificates.model import Certificate, Criterion, SeatVote
from apps.governance.engine.certificates.pdf import certificate_pdf

__all__ = ["Certificate", "Criterion", "SeatVote", "certificate_pdf"]
