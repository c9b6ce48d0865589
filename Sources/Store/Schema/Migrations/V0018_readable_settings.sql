-- One row of settings that cannot be read must not stop every pass, claim and heartbeat: what is no moment is none. Operators
-- write these rows too, and other releases may.
CREATE FUNCTION stoker_moment(value text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN value::timestamptz;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;
