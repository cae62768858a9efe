-- A copy of the database must not act for the company: no secret, no session,
-- no job. Documents stay as they are, they are evidence.
UPDATE l10n_pl_ksef_connection
   SET sealed_token = NULL,
       sealed_certificate = NULL,
       sealed_login = NULL,
       sealed_access = NULL,
       sealed_refresh = NULL,
       state = 'broken',
       problem = 'copy';
UPDATE l10n_pl_ksef_session
   SET sealed_key = NULL;
UPDATE res_company
   SET l10n_pl_ksef_environment = NULL;
UPDATE ir_cron
   SET active = false
 WHERE id IN (
    SELECT res_id
      FROM ir_model_data
     WHERE module = 'l10n_pl_ksef'
       AND model = 'ir.cron'
 );
