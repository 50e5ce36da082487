#!/usr/bin/env bash
# Whether a captured delivery is genuine, on the command line. Exits 0 when it is.
#   verify-openssl.sh whsec_… <webhook-id> <webhook-timestamp> "<webhook-signature>" body.json
set -euo pipefail
secret=$1 id=$2 timestamp=$3 signatures=$4 body=$5

key=$(printf %s "${secret#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
expected=$({ printf '%s.%s.' "$id" "$timestamp"; cat "$body"; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

for signature in $signatures; do
  if [ "$signature" = "v1,$expected" ]; then
    echo "genuine"
    exit 0
  fi
done
echo "not genuine" >&2
exit 1
