package plan

import (
	"math/big"

	"github.com/sallyport-dev/sallyport/internal/strictjson"
	"github.com/sallyport-dev/sallyport/release"
)

// worse says which turn of an attribute takes something away.
type worse uint8

const (
	whenOn    worse = iota // true, and was not; a resource that is added counts too
	whenOff                // not true, and was
	whenLower              // a smaller number, or none where there was one
)

// toggle is an attribute whose turn one way is worth saying.
type toggle struct {
	when  worse
	label release.Label
	say   string
}

var (
	opened      = toggle{whenOn, release.LabelNetwork, "opened to the public"}
	unblocked   = toggle{whenOff, release.LabelNetwork, "public access no longer blocked"}
	unprotected = toggle{whenOff, release.LabelStateful, "protection removed"}
	reckless    = toggle{whenOn, release.LabelStateful, "protection removed"}
	shortened   = toggle{whenLower, release.LabelStateful, "kept for less long"}
	weakened    = toggle{whenOff, release.LabelCrypto, "encryption or rotation turned off"}
	fewer       = toggle{whenLower, release.LabelAvailability, "capacity lowered"}
	single      = toggle{whenOff, release.LabelAvailability, "redundancy removed"}
	unseen      = toggle{whenOff, release.LabelPolicy, "logging turned off"}
)

// toggles are by the last name of a path, or the last two with a dot.
var toggles = func() map[string]toggle {
	out := map[string]toggle{}
	for _, t := range []struct {
		toggle
		names []string
	}{
		{opened, []string{"publicly_accessible", "associate_public_ip_address", "map_public_ip_on_launch", "endpoint_public_access", "public_network_access_enabled", "allow_blob_public_access",
			"allow_nested_items_to_be_public", "assign_public_ip", "enable_public_ip", "ipv4_enabled", "public_access_enabled"}},
		{unblocked, []string{"block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets", "internal", "enable_private_nodes", "enable_private_endpoint", "private_cluster_enabled", "uniform_bucket_level_access"}},
		{unprotected, []string{"deletion_protection", "deletion_protection_enabled", "enable_deletion_protection", "disable_api_termination", "termination_protection", "delete_protection", "purge_protection_enabled",
			"soft_delete_enabled", "versioning.enabled", "versioning_enabled", "point_in_time_recovery.enabled", "point_in_time_recovery_enabled", "object_lock_enabled", "copy_tags_to_snapshot", "backup_configuration.enabled"}},
		{reckless, []string{"force_destroy", "skip_final_snapshot", "force_delete", "delete_automated_backups", "force_detach"}},
		{shortened, []string{"backup_retention_period", "backup_retention_days", "retention_in_days", "retention_days", "recovery_window_in_days", "snapshot_retention_limit", "automated_snapshot_retention_period", "soft_delete_retention_days", "deletion_window_in_days", "message_retention_seconds"}},
		{weakened, []string{"storage_encrypted", "encrypted", "encryption_enabled", "enable_key_rotation", "transit_encryption_enabled", "at_rest_encryption_enabled", "enable_https_traffic_only", "https_traffic_only_enabled", "require_ssl", "encryption_in_transit"}},
		{fewer, []string{"desired_count", "desired_size", "desired_capacity", "min_size", "min_capacity", "replicas", "replica_count", "node_count", "min_node_count", "num_cache_nodes", "num_cache_clusters", "instance_count", "number_of_nodes", "number_of_broker_nodes"}},
		{single, []string{"multi_az", "multi_az_enabled", "automatic_failover_enabled", "zone_redundant", "cross_zone_load_balancing"}},
		{unseen, []string{"enable_logging", "is_multi_region_trail", "enable_log_file_validation", "include_global_service_events"}},
	} {
		for _, name := range t.names {
			out[name] = t.toggle
		}
	}
	return out
}()

// find is the toggle of a place, if it is one.
func find(steps []step) (toggle, bool) {
	last, parent := "", ""
	for i := len(steps) - 1; i >= 0; i-- {
		switch {
		case steps[i].name == "":
		case last == "":
			last = steps[i].name
		case parent == "":
			parent = steps[i].name
		}
	}
	if t, ok := toggles[parent+"."+last]; ok {
		return t, true
	}
	t, ok := toggles[last]
	return t, ok
}

// turned reports whether a turn that is worse happens, or cannot be ruled out.
func (t toggle) turned(a attribute, added bool) bool {
	switch t.when {
	case whenOn:
		return a.unknown && !added || !truth(a.before) && truth(a.after)
	case whenOff:
		return !added && (a.before == nil || truth(a.before)) && !truth(a.after)
	}
	if added || a.before.null() && !a.sensitive {
		return false
	}
	before, okBefore := number(a.before)
	after, okAfter := number(a.after)
	return !okBefore || !okAfter || after.Cmp(before) < 0
}

// truth is true of a boolean, and of the text that some providers write for it.
func truth(v *value) bool {
	return v != nil && v.text == "true" && (v.kind == strictjson.Bool || v.kind == strictjson.String)
}

func number(v *value) (*big.Rat, bool) {
	if v == nil || len(v.text) > 30 || len(v.text) > 4 && exponent(v.text) {
		return nil, false
	}
	return new(big.Rat).SetString(v.text)
}

// exponent keeps 1e999999999 from being written out.
func exponent(s string) bool {
	for i := range len(s) {
		if s[i] == 'e' || s[i] == 'E' {
			return true
		}
	}
	return false
}
