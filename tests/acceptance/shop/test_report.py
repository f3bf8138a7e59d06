"""The report equals a plain computation, whatever year comes in. Read by: authors of views."""

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shop.app import shop
from shop.report import as_json, ask_report
from shop.trade.book import CloseImport
from shop.trade.documents import documents_of
from shop.trade.importing import send_documents, wait_for_views

numbers = st.tuples(st.sampled_from(["", "C", "A"]), st.integers(1, 12)).map(
    lambda parts: f"{parts[0]}{parts[1]}"
)
rows = st.tuples(
    numbers,
    st.sampled_from(["mug", "Mug", "85123A", "ΩΩ", "a/b"]),
    st.none(),
    st.integers(-3, 3),
    st.integers(0, 400).map(lambda day: datetime(2010, 12, 1) + timedelta(days=day)),  # noqa: DTZ001
    st.integers(-100, 10_000).map(lambda thousandths: thousandths / 1000),
    st.none() | st.sampled_from([12346.0, 14646.0]),
    st.sampled_from(["EIRE", "Spain"]),
)


@settings(max_examples=40)
@given(year=st.lists(rows, max_size=60))
async def test_the_report_equals_a_plain_computation(apart: Any, year: list[Any]) -> None:
    documents = documents_of([apart.columns_of(year[:30]), apart.columns_of(year[30:])])
    async with shop() as app:
        await send_documents(app, documents, in_flight=5, sent=lambda: None)
        receipt = await app.dispatch(CloseImport(digest="x", documents=len(documents)))
        await wait_for_views(app, receipt.token, waiting=lambda _view: None)
        report = as_json(await ask_report(app))

    apart.assert_report(json.loads(report), apart.figures_of(apart.Row(*row) for row in year))
