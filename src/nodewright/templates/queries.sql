-- name: history
-- The recorded use of all templates, the most used first.
SELECT * FROM template_cache_metadata
ORDER BY access_count DESC, template_name

-- name: forget
-- Delete what is recorded of the use of templates.
DELETE FROM template_cache_metadata
