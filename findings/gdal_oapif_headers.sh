#!/bin/sh
# GDAL 3.12.4 (as pyogrio 0.13.0 carries it): the driver of OGC API - Features (OAPIF) does not send what the option
# GDAL_HTTP_HEADERS asks for, though a plain GeoJSON file read over HTTP gets it, probably because it gives its own list
# (Accept) with each request. A service that asks for a token then answers
# 401 with nothing that says why. GDAL_HTTP_HEADER_FILE, and GDAL_HTTP_AUTH=BEARER with GDAL_HTTP_BEARER, are sent.
#
# Seen on 2026-12-01, Python 3.11:
#   GeoJSON GDAL_HTTP_HEADERS     sent
#   OAPIF   GDAL_HTTP_HEADERS     not sent
#   OAPIF   GDAL_HTTP_HEADER_FILE sent
#   OAPIF   GDAL_HTTP_BEARER      sent
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet 'pyogrio==0.13.0' 'numpy==2.3.5'
printf 'Authorization: Bearer one\n' > "$folder/headers.txt"
cat > "$folder/ask.py" <<'PYTHON'
import http.server
import sys
import threading

import pyogrio

assert pyogrio.__gdal_version__ == (3, 12, 4)
seen = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        seen.append(self.headers.get("Authorization") == "Bearer one")
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}/features"
bearer = {"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": "one"}
for driver, address, options, expected in (
    ("GeoJSON", f"{base}.geojson", {"GDAL_HTTP_HEADERS": "Authorization: Bearer one"}, True),
    ("OAPIF", f"OAPIF:{base}", {"GDAL_HTTP_HEADERS": "Authorization: Bearer one"}, False),
    ("OAPIF", f"OAPIF:{base}", {"GDAL_HTTP_HEADER_FILE": sys.argv[1]}, True),
    ("OAPIF", f"OAPIF:{base}", bearer, True),
):
    seen.clear()
    pyogrio.set_gdal_config_options(options)
    try:
        pyogrio.list_layers(address)
    except pyogrio.errors.DataSourceError:
        pass
    pyogrio.set_gdal_config_options(dict.fromkeys(options))
    print(f"{driver:7} {list(options)[-1]:21} {'sent' if any(seen) else 'not sent'} ({len(seen)} requests)")
    assert seen, "nothing was asked"
    assert any(seen) == expected, "changed"
PYTHON
"$folder/env/bin/python" "$folder/ask.py" "$folder/headers.txt"
