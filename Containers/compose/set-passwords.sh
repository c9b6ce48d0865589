#!/bin/sh
# The database's image runs it when it makes the database: it sets the passwords of the roles of roles.sql.
set -eu
for role in migrator worker scaling; do
    psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -v password="$(cat "/run/stoker-secrets/$role-password")" \
        -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<SQL
ALTER ROLE stoker_$role PASSWORD :'password';
SQL
done
