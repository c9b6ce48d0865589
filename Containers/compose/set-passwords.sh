#!/bin/sh
# Run by the database's image when it makes the database: gives the roles of roles.sql their passwords.
set -eu
for role in migrator worker scaling; do
    psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -v password="$(cat "/run/stoker-secrets/$role-password")" \
        -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<SQL
ALTER ROLE stoker_$role PASSWORD :'password';
SQL
done
