// go-oidc: `NewProvider` and its verifier, which keeps a key set for as long as `Cache-Control` says.
//
// Asked by JSON lines, like the clients of ../python and ../node.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"time"

	oidc "github.com/coreos/go-oidc"
)

// Its clock cannot be moved. Half a minute before a key set has expired it fetches for keys that it
// does not know, and our issuer's expires in a minute.
const untilItFetches = 31 * time.Second

// What is asked for; whether it can do it shows.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512,
	oidc.PS256, oidc.PS384, oidc.PS512,
	oidc.ES256, oidc.ES384, oidc.ES512,
	"EdDSA", "Ed25519",
}

type order struct {
	Do       string `json:"do"`
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	Token    string `json:"token"`
	Seconds  int    `json:"seconds"`
}

type answer map[string]interface{}

var providers = map[string]*oidc.Provider{}

func subject(asked order) (string, error) {
	ctx := context.Background()
	provider, known := providers[asked.Issuer]
	if !known {
		var err error
		if provider, err = oidc.NewProvider(ctx, asked.Issuer); err != nil {
			return "", err
		}
		providers[asked.Issuer] = provider
	}
	config := oidc.Config{ClientID: asked.Audience, SupportedSigningAlgs: algorithms}
	token, err := provider.Verifier(&config).Verify(ctx, asked.Token)
	if err != nil {
		return "", err
	}
	return token.Subject, nil
}

func answerTo(asked order) answer {
	switch asked.Do {
	case "verify":
		subject, err := subject(asked)
		if err != nil {
			return answer{"ok": false, "why": err.Error()}
		}
		return answer{"ok": true, "subject": subject}
	case "later":
		if wait := time.Duration(asked.Seconds) * time.Second; wait < untilItFetches {
			time.Sleep(wait)
		} else {
			time.Sleep(untilItFetches)
		}
		return answer{}
	default:
		return answer{"error": "no such order: " + asked.Do}
	}
}

// The version of the Debian package, without Debian's own part.
func version() string {
	query := exec.Command("dpkg-query", "-W", "-f", "${Version}", "golang-github-coreos-go-oidc-dev")
	text, err := query.Output()
	if err != nil {
		return "unknown"
	}
	return strings.SplitN(string(text), "-", 2)[0]
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.Encode(answer{"software": "go-oidc", "version": version()})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1024*1024)
	for lines.Scan() {
		var asked order
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			out.Encode(answer{"error": err.Error()})
			continue
		}
		out.Encode(answerTo(asked))
	}
}
