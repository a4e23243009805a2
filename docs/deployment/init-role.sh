#!/bin/bash
# Run once by the PostGIS image: the extension, and an ordinary role for the service, neither superuser nor BYPASSRLS.
set -euo pipefail
psql --set ON_ERROR_STOP=1 --username postgres --dbname rpe --set password="$(cat /run/secrets/app_password)" <<'SQL'
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE ROLE rpe_geo_app LOGIN PASSWORD :'password' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
GRANT CREATE, USAGE ON SCHEMA public TO rpe_geo_app;
SQL
