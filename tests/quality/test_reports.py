"""Reports of builds: what they say is read, what is wrong with them is said, and nothing they hold does harm."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.quality.engine.reports import (
    CaseOutcome,
    CoverageRead,
    ReportedFile,
    ReportUnreadable,
    place,
    read_cobertura,
    read_junit,
    read_lcov,
)

COBERTURA = b"""<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://cobertura.example.org/xml/coverage-04.dtd">
<coverage line-rate="1" version="7.6">
 <sources><source>/ci/shop/src</source></sources>
 <packages><package name="shop"><classes>
  <class name="prices.py" filename="shop/prices.py">
   <methods><method name="mean"><lines><line number="3" hits="0"/></lines></method></methods>
   <lines>
    <line number="1" hits="4"/><line number="2" hits="1" branch="true" condition-coverage="50% (1/2)"/>
    <line number="3" hits="0"/>
   </lines>
  </class>
  <class name="prices.py$inner" filename="shop/prices.py"><lines><line number="3" hits="2"/></lines></class>
 </classes></package></packages>
</coverage>"""
LCOV = b"""TN:
SF:/ci/shop/src/shop/prices.py
DA:1,4
DA:2,1,abc
DA:3,0
BRDA:2,0,0,1
BRDA:2,0,1,-
LF:3
LH:3
end_of_record
"""
JUNIT = b"""<testsuites><testsuite name="pytest">
<testcase classname="tests.test_prices" name="test_mean" time="0.25"/>
<testcase classname="tests.test_prices" name="test_sum" time="nan"><failure message="no">trace</failure></testcase>
<testcase classname="tests.test_prices" name="test_fixture" time="-1"><error message="no"/></testcase>
<testcase classname="tests.test_prices" name="test_later"><skipped/></testcase>
<testcase classname="tests.test_prices" name="test_again" time="1,000.5"><flakyFailure/><flakyError/></testcase>
</testsuite></testsuites>"""
LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]>"
)
READERS = {"coverage": read_cobertura, "testsuites": read_junit}


def test_cobertura_is_counted_from_its_lines_and_not_from_its_totals():
    [file] = place(read_cobertura(COBERTURA), ["src/shop/prices.py", "shop/prices.py"]).files
    assert (file.path, file.statements, file.missing_lines) == ("src/shop/prices.py", 3, ())
    assert (file.branches, file.missing_branches) == (2, 1)


def test_lcov_is_counted_from_its_lines_and_not_from_its_totals():
    placed = place(read_lcov(LCOV), ["src/shop/prices.py"])
    [file] = placed.files
    assert (file.path, file.statements, file.missing_lines, file.branches) == ("src/shop/prices.py", 3, (3,), 2)
    assert (round(placed.line_percent or 0, 1), placed.branch_percent) == (66.7, 50.0)


def test_junit_gives_each_execution_and_an_error_is_a_failure():
    cases = [(case.name.rpartition("::")[2], case.outcome.value, case.seconds) for case in read_junit(JUNIT)]
    assert cases == [
        ("test_mean", "passed", 0.25),
        ("test_sum", "failed", 0.0),
        ("test_fixture", "failed", 0.0),
        ("test_later", "skipped", 0.0),
        ("test_again", "failed", 0.0),
        ("test_again", "failed", 0.0),
        ("test_again", "passed", 1000.5),
    ]


@pytest.mark.parametrize("root", READERS)
@pytest.mark.parametrize(
    "content",
    [
        LAUGHS + b"<%s>&j;</%s>",
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><%s>&a;</%s>',
        b'<!DOCTYPE x [<!ENTITY %% a SYSTEM "http://127.0.0.1:1/a.dtd"> %%a;]><%s></%s>',
    ],
    ids=["billion laughs", "a file", "an address"],
)
def test_entities_are_refused_before_they_are_expanded(root, content):
    tracemalloc.start()
    with pytest.raises(ReportUnreadable):
        READERS[root](content % (root.encode(), root.encode()))
    assert tracemalloc.get_traced_memory()[1] < 5 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("read", "content", "words"),
    [
        (read_cobertura, COBERTURA[:-40], "not well-formed"),
        (read_junit, JUNIT[:-30], "not well-formed"),
        (read_lcov, LCOV[:-15], "in the middle of the record"),
        (read_cobertura, b"", "not well-formed"),
        (read_lcov, b"", "no record"),
        (read_junit, b"<testsuites/>", "no test"),
        (read_cobertura, JUNIT, "begins with <testsuites>"),
        (read_junit, COBERTURA, "begins with <coverage>"),
        (read_cobertura, b'<?xml version="1.0" encoding="ascii"?><coverage>\xc3\xa9</coverage>', "not well-formed"),
        (read_cobertura, b'<?xml version="1.0" encoding="utf-7"?><coverage/>', "not well-formed"),
        (read_cobertura, b'<?xml version="1.0" encoding="no-such"?><coverage/>', "unknown encoding"),
        (read_lcov, LCOV.decode().encode("utf-16"), "not text in UTF-8"),
        (read_lcov, b"DA:1,1\nend_of_record\n", "outside of any record"),
        (read_lcov, b"SF:a.py\nDA:1\nend_of_record\n", "1 fields"),
        (read_lcov, b"SF:a.py\nDA:-1,1\nend_of_record\n", "not a whole number"),
        (read_lcov, b"SF:a.py\nDA:0,1\nend_of_record\n", "no line 0"),
        (read_lcov, b"SF:a.py\nDA:99999999999,1\nend_of_record\n", "There is no line"),
        (read_lcov, "SF:a.py\nDA:١,1\nend_of_record\n".encode(), "not a whole number"),
        (read_lcov, b"SF:a.py\nSF:b.py\nend_of_record\n", "has no end"),
        (read_junit, b"<testsuite>" + b"<x>" * 60, "nested"),
        (read_junit, b"<testsuite><testcase classname='a'/></testsuite>", "has no name"),
    ],
)
def test_what_is_wrong_with_a_report_is_said_in_a_sentence(read, content, words):
    with pytest.raises(ReportUnreadable, match=words):
        read(content)


def test_a_report_with_more_in_it_than_may_be_is_refused():
    with pytest.raises(ReportUnreadable, match="100,000 executions"):
        read_junit(b"<testsuite>" + b"<testcase name='t'/>" * 100_001 + b"</testsuite>")
    with pytest.raises(ReportUnreadable, match="20,000 files"):
        read_lcov(b"".join(b"SF:%d.py\nend_of_record\n" % number for number in range(20_001)))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "shop/../../prices.py", "..\\..\\windows\\win.ini", "a\x00b.py", "a" * 2_000]
)
def test_names_that_climb_or_that_no_file_has_are_refused(name):
    with pytest.raises(ReportUnreadable, match="file name"):
        place(CoverageRead([ReportedFile(name, {1: True})]), ["prices.py"])


def test_a_file_elsewhere_with_the_same_name_is_not_taken_for_ours():
    report = CoverageRead([ReportedFile("/usr/lib/python3/setup.py", {1: True}), ReportedFile("setup.py", {2: False})])
    placed = place(report, ["setup.py"])
    assert [(file.path, file.missing_lines) for file in placed.files] == [("setup.py", (2,))]
    assert placed.unknown == ("/usr/lib/python3/setup.py",)


@given(st.lists(st.text(alphabet="ab./\\", max_size=12), max_size=6), st.lists(st.text("ab/", max_size=5), max_size=2))
def test_whatever_names_a_report_holds_only_files_of_the_commit_come_out(names, roots):
    known = {"a/b", "b", "a/a/b"}
    try:
        placed = place(CoverageRead([ReportedFile(name, {1: True}) for name in names], roots), known)
    except ReportUnreadable:
        return
    assert {file.path for file in placed.files} <= known


@given(st.binary(max_size=300), st.sampled_from([COBERTURA, LCOV, JUNIT]), st.integers(0, 400))
def test_no_bytes_make_a_reader_do_more_than_refuse(noise, report, at):
    for content in (noise, report[:at] + noise + report[at:]):
        for read in (read_cobertura, read_lcov, read_junit):
            try:
                read(content)
            except ReportUnreadable as error:
                assert str(error).endswith(".")


def test_outcomes_are_those_of_the_table():
    assert [outcome.value for outcome in CaseOutcome] == ["passed", "failed", "skipped"]
