package resgatetest

import "encoding/json"

// What the gateway writes to clients: the RES-Client protocol.

// Protocols at which the form of messages changed, as numbers.
const (
	protocolLatest     = 1_002_003
	protocolLegacy     = 1_001_001 // of a client which does not say its version
	protocolResources  = 1_002_000 // calls are answered with payload or resources
	protocolDataValues = 1_002_001 // soft references and data values

	latestVersion = "1.2.3"
)

type response struct {
	Result any    `json:"result,omitempty"`
	ID     uint64 `json:"id"`
}

type errorResponse struct {
	Error *rpcError `json:"error"`
	ID    uint64    `json:"id"`
}

type eventMessage struct {
	Event string `json:"event"`
	Data  any    `json:"data"`
}

type versionResult struct {
	Protocol string `json:"protocol"`
}

type payloadResult struct {
	Payload json.RawMessage `json:"payload"`
}

type resourceResult struct {
	RID string `json:"rid"`
	*resourceSet
}

// resourceSet holds resources by resource id. The values are shared with the
// cache and are never changed.
type resourceSet struct {
	Models      map[string]map[string]value `json:"models,omitempty"`
	Collections map[string][]value          `json:"collections,omitempty"`
	Errors      map[string]*rpcError        `json:"errors,omitempty"`
}

// add adds a resource. One which is not loaded yet adds nothing, and the
// gateway takes it for sent all the same.
func (s *resourceSet) add(rid string, c content, legacy bool) {
	switch c.kind {
	case aCollection:
		if s.Collections == nil {
			s.Collections = make(map[string][]value)
		}
		list := c.list
		if legacy {
			list = legacyList(list)
		}
		s.Collections[rid] = list
	case aModel:
		if s.Models == nil {
			s.Models = make(map[string]map[string]value)
		}
		model := c.model
		if legacy {
			model = legacyModel(model)
		}
		s.Models[rid] = model
	}
}

func (s *resourceSet) addError(rid string, err *rpcError) {
	if s.Errors == nil {
		s.Errors = make(map[string]*rpcError)
	}
	s.Errors[rid] = err
}

func legacyModel(model map[string]value) map[string]value {
	legacy := make(map[string]value, len(model))
	for k, v := range model {
		legacy[k] = v.legacy()
	}
	return legacy
}

func legacyList(list []value) []value {
	legacy := make([]value, len(list))
	for i, v := range list {
		legacy[i] = v.legacy()
	}
	return legacy
}

// eventData is the data of an event that may bring resources along.
type eventData interface {
	resources() *resourceSet
	toLegacy()
}

type addData struct {
	Idx   int   `json:"idx"`
	Value value `json:"value"`
	resourceSet
}

type changeData struct {
	Values map[string]value `json:"values"`
	resourceSet
}

func (d *addData) resources() *resourceSet    { return &d.resourceSet }
func (d *changeData) resources() *resourceSet { return &d.resourceSet }

func (d *addData) toLegacy()    { d.Value = d.Value.legacy() }
func (d *changeData) toLegacy() { d.Values = legacyModel(d.Values) }

type unsubscribeData struct {
	Reason *rpcError `json:"reason"`
}
