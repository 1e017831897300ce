"""The entry: `streamlit run app/main.py`. Pages through Streamlit, everything live through app.live.channel."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # `streamlit run` adds only the folder of this file
    sys.path.append(str(ROOT))

from app.live import access, channel, doors, rights  # noqa: E402
from vae.errors import SettingError  # noqa: E402

try:
    access.key(), rights.public(), rights.users()
except SettingError as error:
    sys.exit(str(error))

app = st.App("router.py", routes=channel.routes(), lifespan=channel.lifespan, middleware=[Middleware(doors.Doors)])
