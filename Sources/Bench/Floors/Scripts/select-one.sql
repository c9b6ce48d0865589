-- SPDX-License-Identifier: Apache-2.0
-- A round trip of a prepared statement.
SELECT 1;
