"""The entry: `streamlit run app/main.py`. Pages through Streamlit, everything live through app.live.channel."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # `streamlit run` adds only the folder of this file
    sys.path.append(str(ROOT))

from app.live import channel  # noqa: E402

app = st.App("router.py", routes=channel.ROUTES, lifespan=channel.lifespan)
