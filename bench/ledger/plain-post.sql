select plain.post($1, 0, $2, $3)
