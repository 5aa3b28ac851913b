#!/usr/bin/env bash
# The four systems together, on loopback: three kinds of workloads get tokens from three kinds of issuers,
# and two kinds of services give them what they may have, and nobody else.
#
#     docs/walk.sh
#
# Needs cargo, curl (7.82 or later, which signs as AWS does) and jq. No account, no network, and no file
# that stays. It tells its story line by line, and ends with `everything as expected`. docs/walk.md
# explains it.
set -euo pipefail
cd "$(dirname "$0")/.."

ACCOUNT=111122223333
REGION=eu-north-1
ORGANIZATION=8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11
PROJECT=2b9e4f0c-55a1-4a3e-8a10-0d5c0f6f2a01
OTHER_PROJECT=3c9e4f0c-55a1-4a3e-8a10-0d5c0f6f2a02
IDENTITY=0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d10

work=$(mktemp -d)
programs=()
finish() {
    local code=$?
    kill "${programs[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    if [ "$code" != 0 ]; then
        echo "not as expected, the last lines of the programs:"
        tail -n 5 "$work"/*.log || true
    fi
    rm -rf "$work"
}
trap finish EXIT

say() { printf '  %s\n' "$*"; }

fail() {
    printf '  NOT AS EXPECTED: %s\n' "$*"
    exit 1
}

# wait_for PROGRAM COMMAND…: until the command holds, while the program that was started last lives.
wait_for() {
    local program=$1 pid=$! tries
    shift
    for ((tries = 0; tries < 600; tries++)); do
        "$@" && return
        kill -0 "$pid" 2>/dev/null || fail "$program has ended"
        sleep 0.1
    done
    fail "$program: nothing happened in a minute"
}

# start NAME PROGRAM ARGUMENT…: runs an example, waits until it says where it listens, and leaves that in
# the variable NAME.
start() {
    local name=$1 program=$2 out=$work/$1.out
    shift 2
    : > "$out"
    "$examples/$program" "$@" > "$out" 2> "$work/$name.log" &
    programs+=($!)
    wait_for "$program" grep -q '^listening on ' "$out"
    printf -v "$name" %s "$(sed -n 's/^listening on //p' "$out")"
}

# The text of an element of an XML answer; nothing if it is not there.
element() { sed -n "s:.*<$1>\([^<]*\)</$1>.*:\1:p" | head -n 1; }

# aws_call SERVICE ACCESS_KEY SECRET SESSION_TOKEN URL PARAMETER…: one signed request of AWS's Query protocol.
aws_call() {
    local service=$1 access_key=$2 secret=$3 session=$4 url=$5 parameter
    shift 5
    local parameters=()
    for parameter in "$@"; do parameters+=(--data-urlencode "$parameter"); done
    # Secrets go to curl by its standard input: command lines are for everyone to read.
    {
        printf 'user = "%s:%s"\n' "$access_key" "$secret"
        [ -z "$session" ] || printf 'header = "X-Amz-Security-Token: %s"\n' "$session"
    } | curl -sS --config - --aws-sigv4 "aws:amz:$REGION:$service" "${parameters[@]}" "$url/"
}

# assume ROLE SESSION: assumes a role with the token on standard input; the answer is on standard output.
assume() {
    curl -sS --data-urlencode Action=AssumeRoleWithWebIdentity --data-urlencode Version=2011-06-15 \
        --data-urlencode "RoleArn=arn:aws:iam::$ACCOUNT:role/$1" --data-urlencode "RoleSessionName=$2" \
        --data-urlencode WebIdentityToken@- "$sts/"
}

# who_am_i: the caller by the credentials of the answer on standard input.
who_am_i() {
    local answer
    answer=$(cat)
    aws_call sts "$(element AccessKeyId <<<"$answer")" "$(element SecretAccessKey <<<"$answer")" \
        "$(element SessionToken <<<"$answer")" "$sts" Action=GetCallerIdentity Version=2011-06-15 | element Arn
}

# expect WHAT FOUND WANTED
expect() {
    [ "$2" = "$3" ] || fail "$1: $2, and not $3"
}

echo 'Building the programs (the first time takes minutes)'
cargo build -q --example outbound --example secrets_exchange --example ci_runner --example diridp \
    --example webroot --example assume_role
examples=${CARGO_TARGET_DIR:-target}/debug/examples

# What the programs are configured with has secrets in it.
umask 077

echo 'The platforms of the workloads start'

# AWS hands tokens out to instances, which sign for them with the credentials of their role.
instance() {
    jq -n --arg id "$1" --arg account $ACCOUNT --arg region $REGION '{
        access_key_id: ("ASIA" + ($id | ascii_upcase | gsub("-"; ""))),
        secret_access_key: "secret of \($id)", session_token: "session of \($id)",
        principal: {
            session: "arn:aws:sts::\($account):assumed-role/ec2-doppler-oidc/\($id)", role_path: "/ci/",
            expires: "2100-01-01T00:00:00Z",
            ec2_instance: {
                arn: "arn:aws:ec2:\($region):\($account):instance/\($id)",
                vpc: "vpc-0a1b2c3d", private_ipv4: "10.0.1.25"
            }
        },
        may: ["sts:GetWebIdentityToken"]
    }'
}
{ instance i-0abc; instance i-0fff; } | jq -s --arg account $ACCOUNT --arg region $REGION '{
    regions: [$region],
    accounts: [{id: $account, outbound_federation: "enabled"}],
    access_keys: (. + [{
        access_key_id: "AKIAADMIN", secret_access_key: "secret of the administrator",
        principal: {user: "arn:aws:iam::\($account):user/admin"},
        may: ["iam:GetOutboundWebIdentityFederationInfo"]
    }])
}' > "$work/outbound.json"
start outbound outbound --config "$work/outbound.json" --state "$work/outbound"
aws_issuer=$(aws_call iam AKIAADMIN 'secret of the administrator' '' "$outbound" \
    Action=GetOutboundWebIdentityFederationInfo Version=2010-05-08 | element IssuerIdentifier)
say "AWS: the account $ACCOUNT issues as $aws_issuer"

# A CI system gives tokens to its jobs.
start ci ci_runner --state "$work/ci" serve --organization $ORGANIZATION
ci_issuer=$ci/org/$ORGANIZATION
say "CI: the organisation issues as $ci_issuer"

# A machine gives each folder of containers a token that says its name. The documents are files.
mkdir -p "$work/containers"
start files webroot "$work/diridp/main/webroot"
cat > "$work/diridp.yaml" <<END
state_dir: "$work/diridp"
providers:
  main:
    issuer: "$files"
    keys:
      - alg: ES256
    tokens:
      - path: "$work/containers/:sub/token"
        claims:
          aud: "sts.amazonaws.com"
END
"$examples/diridp" "$work/diridp.yaml" --verbose > "$work/diridp.log" 2>&1 &
programs+=($!)
wait_for diridp test -f "$work/diridp/main/webroot/.well-known/openid-configuration"
say "containers: the machine issues as $files"

echo 'The services that trust them start'

# A secret manager: who it is says `sub`, and which machine a claim below a name with slashes.
jq -n --arg id $IDENTITY --arg issuer "$aws_issuer" --arg account $ACCOUNT --arg region $REGION '{
    identities: [{
        id: $id,
        identity: {name: "ec2-prod", ttl_seconds: 600, method: "oidc", config: {
            discovery_url: $issuer, claims_type: "exact", claims: {
                aud: ["doppler"],
                sub: ["arn:aws:iam::\($account):role/ci/ec2-doppler-oidc"],
                "/https:~1~1sts.amazonaws.com~1/ec2_source_instance_arn":
                    ["arn:aws:ec2:\($region):\($account):instance/i-0abc"]
            }
        }},
        may_read: [{project: "web", config: "prd"}]
    }],
    projects: {web: {prd: {DATABASE_URL: "postgres://db.internal/web"}}}
}' > "$work/exchange.json"
start exchange secrets_exchange --config "$work/exchange.json" --database "$work/exchange/tokens.sqlite"
say 'the secret manager gives the instance i-0abc its secrets'

# A cloud: two roles, and who may assume them.
jq -n --arg account $ACCOUNT --arg region $REGION --arg ci "$ci_issuer" --arg machine "$files" \
    --arg organization $ORGANIZATION --arg project $PROJECT '
    def provider($url): "arn:aws:iam::\($account):oidc-provider/\($url | ltrimstr("http://"))";
    def key($url; $claim): "\($url | ltrimstr("http://")):\($claim)";
    def role($name; $url; $condition): {
        arn: "arn:aws:iam::\($account):role/\($name)", role_id: "AROA\($name | ascii_upcase)EXAMPLE00000",
        trust_policy: {Version: "2012-10-17", Statement: [{
            Effect: "Allow", Principal: {Federated: provider($url)},
            Action: "sts:AssumeRoleWithWebIdentity", Condition: $condition
        }]}
    };
    {region: $region, accounts: [{
        account: $account,
        identity_providers: [
            {loopback_url: $ci, client_ids: [$organization]},
            {loopback_url: $machine, client_ids: ["sts.amazonaws.com"]}
        ],
        roles: [
            role("deploy"; $ci; {
                StringEquals: {(key($ci; "aud")): $organization},
                StringLike: {(key($ci; "sub")): "org/\($organization)/project/\($project)/user/*"}
            }),
            role("web"; $machine; {StringEquals: {
                (key($machine; "aud")): "sts.amazonaws.com", (key($machine; "sub")): "web"
            }})
        ]
    }]}' > "$work/roles.json"
start sts assume_role --config "$work/roles.json" --state "$work/sts"
say 'the cloud has the roles deploy, for jobs of one project, and web, for one folder'

echo 'A virtual machine reads a secret'

# ec2_token INSTANCE: what the instance does to get a token.
ec2_token() {
    local key
    key=ASIA$(tr -d - <<<"${1^^}")
    aws_call sts "$key" "secret of $1" "session of $1" "$outbound" Action=GetWebIdentityToken \
        Version=2011-06-15 Audience.member.1=doppler SigningAlgorithm=ES384 DurationSeconds=300 |
        element WebIdentityToken
}
# exchange_token: a token on standard input for one of the secret manager.
exchange_token() {
    jq -R --arg identity $IDENTITY '{identity: $identity, token: .}' |
        curl -sS --json @- "$exchange/v3/auth/oidc"
}
answer=$(ec2_token i-0abc | exchange_token)
expect 'the exchange' "$(jq .success <<<"$answer")" true
say 'i-0abc signs for a token of AWS and exchanges it: its nested claim names the instance'
secret=$(jq -r '"header = \"Authorization: Bearer \(.token)\""' <<<"$answer" |
    curl -sS --config - "$exchange/v3/configs/config/secrets?project=web&config=prd" | jq -r .secrets.DATABASE_URL.raw)
expect 'the secret' "$secret" postgres://db.internal/web
say "it reads DATABASE_URL=$secret"

answer=$(ec2_token i-0fff | exchange_token)
expect 'the exchange by another instance' "$(jq -r '.messages[]' <<<"$answer")" Unauthorized
grep -q ec2_source_instance_arn "$work/exchange.log" || fail 'the log says nothing of the claim'
say 'i-0fff has a token of the same role, and is refused; only the log says which claim was another'

echo 'A CI job deploys'

# The steps of a job are a shell of its own.
export -f assume
export sts ACCOUNT
job() {
    jq -n --arg organization $ORGANIZATION --arg project "$1" '{
        organization: $organization, project: $project, user: "77aa1c52-0a6a-4a59-b5a5-6b8f0c3d9e02",
        pipeline: "5f2c6c1e-7a34-4f0b-9f3a-2f4f3f7b6c03",
        pipeline_definition: "0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e04",
        workflow: "9e8d7c6b-5a49-4838-a726-15f4e3d2c105", job: "1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c06",
        vcs: {origin: "github.com/acme/web", ref: "refs/heads/main"}
    }' > "$work/job.json"
    "$examples/ci_runner" --state "$work/ci" run --job "$work/job.json" -- \
        bash -c 'printf %s "$CIRCLE_OIDC_TOKEN_V2" | assume deploy job-42'
}
expect 'the job' "$(job $PROJECT | who_am_i)" "arn:aws:sts::$ACCOUNT:assumed-role/deploy/job-42"
say 'a job of the project assumes the role deploy: its subject is StringLike org/…/project/…/user/*'
expect 'a job of another project' "$(job $OTHER_PROJECT | element Code)" AccessDenied
say 'a job of another project of the same organisation is refused: AccessDenied'

echo 'A container gets its role'

# container NAME: its folder appears, and soon there is a token in it.
container() {
    mkdir "$work/containers/$1"
    wait_for diridp test -f "$work/containers/$1/token"
    assume web "$1" < "$work/containers/$1/token"
}
expect 'the container' "$(container web | who_am_i)" "arn:aws:sts::$ACCOUNT:assumed-role/web/web"
say 'the folder web appears, finds a token with its name as subject, and assumes the role web'
expect 'another container' "$(container batch | element Code)" AccessDenied
say 'the folder batch has a token too, and is refused: AccessDenied'

echo 'everything as expected'
